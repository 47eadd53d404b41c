// GDN backward in chunks of 16 tokens: "form B" of reference/kernels.md 1.5. The forward pass stored the state every
// kSegment tokens and the new values u of every token, so a state inside a segment costs one product to rebuild.
#pragma once

#include "kernels/cpu/gdn.h"
#include "kernels/cpu/simd/chunk.h"
#include "kernels/cpu/simd/gdn_forward.h"

namespace fm::kernels {
namespace {

struct GdnGradients {
    const float* d_o;
    float* dq;
    float* dk;
    float* dv;
    float* dg;
    float* dbeta;
};

// One chunk: `rows` valid tokens from token `start`. Suffix names follow the reference: m = K K^T, a = (I + A) - I.
struct GdnChunk {
    std::int64_t start;
    std::int64_t rows;
    std::int64_t key;    // dk rounded up to 16
    std::int64_t value;  // dv rounded up to 16
    bool whole_values;   // nothing to pad: rows of u and v are read where they are
    const float* u;      // [16][value]
    const float* v;      // row t at v + t * v_stride
    std::int64_t v_stride;
    ChunkDecay decay;
    alignas(64) ChunkSquare qk_m[2];  // Q K^T, then K K^T
    alignas(64) ChunkSquare p;
    alignas(64) ChunkSquare a;
    alignas(64) ChunkSquare dp_da[2];   // dO U^T, then dB U^T
    alignas(64) ChunkSquare dp_scaled;  // scale * D (.) dP
    alignas(64) ChunkSquare dm;         // dM + dM^T
    float beta[kChunk];
    float negative_beta_prefix[kChunk];
    float dbeta[kChunk];
    float dlog_decay[kChunk];  // gradient of the cumulative log decay b
};

inline void beginChunk(const GdnPair& pair, std::int64_t start, GdnChunk& chunk) {
    chunk.start = start;
    chunk.rows = pair.tokens - start < kChunk ? pair.tokens - start : kChunk;
    chunk.key = roundUp(pair.dk, 16);
    chunk.value = roundUp(pair.dv, 16);
    chunk.whole_values = chunk.rows == kChunk && pair.dv == chunk.value;
    float token_decay[kChunk];
    for (std::int64_t t = 0; t < kChunk; ++t) {
        const bool valid = t < chunk.rows;
        token_decay[t] = valid ? __builtin_expf(pair.g[(start + t) * pair.heads]) : 1;
        chunk.beta[t] = valid ? pair.beta[(start + t) * pair.heads] : 0;
    }
    computeDecay(token_decay, chunk.decay);
    for (std::int64_t t = 0; t < kChunk; ++t) chunk.negative_beta_prefix[t] = -chunk.beta[t] * chunk.decay.prefix[t];
}

inline void packWriters(const GdnPair& pair, const ChunkWorkspace& w, GdnChunk& chunk) {
    float* k_Ck = w.qk_2Ck + kChunk * chunk.key;
    packRows(pair.k + chunk.start * pair.key_stride, pair.key_stride, chunk.rows, pair.dk, chunk.key, k_Ck);
    chunk.u = pair.checkpoint_u + chunk.start * pair.dv;
    if (!chunk.whole_values) {
        packRows(chunk.u, pair.dv, chunk.rows, pair.dv, chunk.value, w.u_Cv);
        chunk.u = w.u_Cv;
    }
}

// State after the chunk: S' = e^bC S + suffix(K)^T U.
inline void rebuildState(const GdnPair& pair, const ChunkWorkspace& w, GdnChunk& chunk) {
    packWriters(pair, w, chunk);
    scaleRows(w.qk_2Ck + kChunk * chunk.key, chunk.decay.suffix, 1, chunk.key, w.k_suffix_Ck);
    multiplyAdd(chunk.value, chunk.key, kChunk, LeftTransposed{chunk.u, chunk.value}, w.k_suffix_Ck, chunk.key,
                {w.state_vk[0], chunk.key, chunk.decay.total}, w.state_vk[1], chunk.key);
}

inline void packChunk(const GdnPair& pair, const GdnGradients& grad, const ChunkWorkspace& w, GdnChunk& chunk) {
    const std::int64_t key_offset = chunk.start * pair.key_stride;
    const std::int64_t value_offset = chunk.start * pair.value_stride;
    packWriters(pair, w, chunk);
    packRows(pair.q + key_offset, pair.key_stride, chunk.rows, pair.dk, chunk.key, w.qk_2Ck);
    chunk.v = chunk.whole_values ? pair.v + value_offset : w.v_Cv;
    chunk.v_stride = chunk.whole_values ? pair.value_stride : chunk.value;
    if (!chunk.whole_values)
        packRows(pair.v + value_offset, pair.value_stride, chunk.rows, pair.dv, chunk.value, w.v_Cv);
    packRows(grad.d_o + value_offset, pair.value_stride, chunk.rows, pair.dv, chunk.value, w.dodb_2Cv);
    float* k_Ck = w.qk_2Ck + kChunk * chunk.key;
    transpose(k_Ck, chunk.key, kChunk, chunk.key, w.k_kC, kChunk);
    transpose(chunk.u, chunk.value, kChunk, chunk.value, w.u_vC, kChunk);
    scaleRows(w.qk_2Ck, chunk.decay.prefix, pair.scale, chunk.key, w.qk_prefix_2Ck);
    scaleRows(k_Ck, chunk.negative_beta_prefix, 1, chunk.key, w.qk_prefix_2Ck + kChunk * chunk.key);
}

inline void chunkSquares(const GdnPair& pair, const ChunkWorkspace& w, GdnChunk& chunk) {
    for (std::int64_t i = 0; i < 2; ++i)
        multiplyLower(chunk.key, Left{w.qk_2Ck + i * kChunk * chunk.key, chunk.key}, w.k_kC, chunk.qk_m[i]);
    multiplyElements(chunk.qk_m[0], chunk.decay.pair, pair.scale, chunk.p);
    for (std::int64_t i = 0; i < kChunk; ++i) {
        for (std::int64_t j = 0; j < kChunk; j += kVecFloats) {
            const Vec below = load(chunk.decay.pair[i] + j) - load(kIdentity[i] + j);
            store(chunk.a[i] + j, splat(chunk.beta[i]) * below * load(chunk.qk_m[1][i] + j));
        }
    }
}

// (I + A)^T dB = dU in place, column block by column block with all 16 rows in registers.
inline void solveTransposed(const ChunkSquare& a, std::int64_t value, float* rows_Cv) {
    for (std::int64_t col = 0; col < value; col += kVecFloats) {
        Vec row[kChunk];
#pragma GCC unroll 16
        for (int i = 0; i < kChunk; ++i) row[i] = load(rows_Cv + i * value + col);
#pragma GCC unroll 16
        for (int i = kChunk - 1; i > 0; --i) {
#pragma GCC unroll 16
            for (int j = 0; j < i; ++j) row[j] -= a[i][j] * row[i];
        }
#pragma GCC unroll 16
        for (int i = 0; i < kChunk; ++i) store(rows_Cv + i * value + col, row[i]);
    }
}

// dP, dM and what the products inside the chunk give to beta and to the decays.
inline void squareGradients(const GdnPair& pair, const ChunkWorkspace& w, GdnChunk& chunk) {
    for (std::int64_t i = 0; i < 2; ++i)
        multiplyLower(chunk.value, Left{w.dodb_2Cv + i * kChunk * chunk.value, chunk.value}, w.u_vC, chunk.dp_da[i]);
    multiplyElements(chunk.dp_da[0], chunk.decay.pair, pair.scale, chunk.dp_scaled);
    constexpr int kRowVecs = static_cast<int>(kChunk) / kVecFloats;
    Vec column_sum[kRowVecs] = {};
    ChunkSquare dm;
    for (std::int64_t i = 0; i < kChunk; ++i) {
        const Vec beta = splat(chunk.beta[i]);
        Vec decay_sum{};
        Vec beta_sum{};
        for (int n = 0; n < kRowVecs; ++n) {
            const std::int64_t j = n * kVecFloats;
            const Vec below = load(chunk.decay.pair[i] + j) - load(kIdentity[i] + j);
            const Vec da = -load(chunk.dp_da[1][i] + j) * below;
            const Vec da_m = da * load(chunk.qk_m[1][i] + j);
            const Vec y = load(chunk.dp_da[0][i] + j) * load(chunk.p[i] + j) + beta * da_m;
            store(dm[i] + j, beta * da);
            beta_sum += da_m;
            decay_sum += y;
            column_sum[n] += y;
        }
        chunk.dbeta[i] = horizontalSum(beta_sum);
        chunk.dlog_decay[i] = horizontalSum(decay_sum);
    }
    for (std::int64_t j = 0; j < kChunk; j += kVecFloats) {
        store(chunk.dlog_decay + j, load(chunk.dlog_decay + j) - column_sum[j / kVecFloats]);
    }
    transpose(dm[0], kChunk, kChunk, kChunk, chunk.dm[0], kChunk);
    for (std::int64_t i = 0; i < kChunk * kChunk; i += kVecFloats) {
        store(chunk.dm[0] + i, load(chunk.dm[0] + i) + load(dm[0] + i));
    }
}

// Scales the products with the states row by row and takes their dot products with q and k for beta and the decays.
inline void stateGradientRows(const GdnPair& pair, const ChunkWorkspace& w, GdnChunk& chunk) {
    float to_end = 0;
    for (std::int64_t t = 0; t < kChunk; ++t) {
        const std::int64_t row = t * chunk.key;
        float* dq = w.dq_reader_2Ck + row;
        const float* reader = w.dq_reader_2Ck + kChunk * chunk.key + row;
        const float* q = w.qk_2Ck + row;
        const float* k = w.qk_2Ck + kChunk * chunk.key + row;
        float* dk = w.dk_Ck + row;
        const Vec q_scale = splat(pair.scale * chunk.decay.prefix[t]);
        const Vec reader_scale = splat(chunk.negative_beta_prefix[t]);
        const Vec writer_scale = splat(chunk.decay.suffix[t]);
        Vec q_dq{};
        Vec k_reader{};
        Vec k_writer{};
        for (std::int64_t i = 0; i < chunk.key; i += kVecFloats) {
            const Vec dq_part = q_scale * load(dq + i);
            const Vec writer = writer_scale * load(dk + i);
            const Vec key = load(k + i);
            q_dq += load(q + i) * dq_part;
            k_reader += key * load(reader + i);
            k_writer += key * writer;
            store(dq + i, dq_part);
            store(dk + i, writer + reader_scale * load(reader + i));
        }
        const float reader_sum = chunk.decay.prefix[t] * horizontalSum(k_reader);
        const float writer_sum = horizontalSum(k_writer);
        const float* db = w.dodb_2Cv + (kChunk + t) * chunk.value;
        chunk.dbeta[t] += dot(db, chunk.v + t * chunk.v_stride, chunk.value) - reader_sum;
        chunk.dlog_decay[t] += horizontalSum(q_dq) - chunk.beta[t] * reader_sum - writer_sum;
        to_end += writer_sum;
    }
    chunk.dlog_decay[kChunk - 1] += to_end;
}

inline void keyGradients(const GdnPair& pair, const GdnGradients& grad, const ChunkWorkspace& w, const float* state_vk,
                         GdnChunk& chunk) {
    const std::int64_t key = chunk.key;
    const std::int64_t value = chunk.value;
    const float* k_Ck = w.qk_2Ck + kChunk * key;
    multiply(2 * kChunk, key, value, Left{w.dodb_2Cv, value}, state_vk, key, w.dq_reader_2Ck, key);
    multiply(kChunk, key, value, Left{chunk.u, value}, w.dstate_vk, key, w.dk_Ck, key);
    stateGradientRows(pair, w, chunk);
    const bool direct = chunk.rows == kChunk && pair.dk == key;
    float* dq = direct ? grad.dq + chunk.start * pair.key_stride : w.dq_reader_2Ck;
    float* dk = direct ? grad.dk + chunk.start * pair.key_stride : w.dk_Ck;
    const std::int64_t stride = direct ? pair.key_stride : key;
    multiplyAdd(kChunk, key, kChunk, LeftLower{chunk.dp_scaled[0], kChunk}, k_Ck, key, {w.dq_reader_2Ck, key, 1}, dq,
                stride);
    multiplyAdd(kChunk, key, kChunk, LeftLowerTransposed{chunk.dp_scaled[0], kChunk}, w.qk_2Ck, key, {w.dk_Ck, key, 1},
                w.dk_Ck, key);
    multiplyAdd(kChunk, key, kChunk, Left{chunk.dm[0], kChunk}, k_Ck, key, {w.dk_Ck, key, 1}, dk, stride);
    if (direct) return;
    unpackRows(dq, key, chunk.rows, pair.dk, pair.key_stride, grad.dq + chunk.start * pair.key_stride);
    unpackRows(dk, key, chunk.rows, pair.dk, pair.key_stride, grad.dk + chunk.start * pair.key_stride);
}

inline void writeGradients(const GdnPair& pair, const GdnGradients& grad, const ChunkWorkspace& w,
                           const GdnChunk& chunk) {
    unpackScaledRows(w.dodb_2Cv + kChunk * chunk.value, chunk.beta, chunk.value, chunk.rows, pair.dv, pair.value_stride,
                     grad.dv + chunk.start * pair.value_stride);
    float dg = 0;
    for (std::int64_t t = kChunk - 1; t >= 0; --t) {
        dg += chunk.dlog_decay[t];
        if (t >= chunk.rows) continue;
        grad.dg[(chunk.start + t) * pair.heads] = dg;
        grad.dbeta[(chunk.start + t) * pair.heads] = chunk.dbeta[t];
    }
}

// <S, dS>; four sums, because one would wait for the latency of every addition.
inline float stateDot(const float* a, const float* b, std::int64_t count) {
    Vec sum[4] = {};
    for (std::int64_t i = 0; i < count; i += 4 * kVecFloats) {
        for (int n = 0; n < 4; ++n) sum[n] += load(a + i + n * kVecFloats) * load(b + i + n * kVecFloats);
    }
    return horizontalSum((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

// dstate_vk holds the gradient of the state after the chunk and receives that of the state before it.
inline void gdnBackwardChunk(const GdnPair& pair, const GdnGradients& grad, const ChunkWorkspace& w,
                             const float* state_vk, GdnChunk& chunk) {
    const std::int64_t key = chunk.key;
    const std::int64_t value = chunk.value;
    packChunk(pair, grad, w, chunk);
    chunkSquares(pair, w, chunk);
    valueGradient(w, chunk.decay, chunk.p, key, value);
    solveTransposed(chunk.a, value, w.dodb_2Cv + kChunk * value);
    squareGradients(pair, w, chunk);
    keyGradients(pair, grad, w, state_vk, chunk);
    chunk.dlog_decay[kChunk - 1] += chunk.decay.total * stateDot(state_vk, w.dstate_vk, key * value);
    writeGradients(pair, grad, w, chunk);
    multiplyAdd(value, key, 2 * kChunk, LeftTransposed{w.dodb_2Cv, value}, w.qk_prefix_2Ck, key,
                {w.dstate_vk, key, chunk.decay.total}, w.dstate_vk, key);
}

inline void gdnBackwardPair(const GdnPair& pair, const GdnGradients& grad, const ChunkWorkspace& w) {
    const std::int64_t key = roundUp(pair.dk, 16);
    GdnChunk chunk;
    const std::int64_t segments = (pair.tokens + kSegment - 1) / kSegment;
    for (std::int64_t segment = segments - 1; segment >= 0; --segment) {
        const std::int64_t start = segment * kSegment;
        transpose(pair.checkpoint_states + segment * pair.dk * pair.dv, pair.dv, pair.dk, pair.dv, w.state_vk[0], key);
        if (start + kChunk < pair.tokens) {
            beginChunk(pair, start, chunk);
            rebuildState(pair, w, chunk);
            beginChunk(pair, start + kChunk, chunk);
            gdnBackwardChunk(pair, grad, w, w.state_vk[1], chunk);
        }
        beginChunk(pair, start, chunk);
        gdnBackwardChunk(pair, grad, w, w.state_vk[0], chunk);
    }
}

inline void zeroGradients(const GdnPair& pair, const GdnGradients& grad, std::int64_t tokens) {
    for (std::int64_t t = pair.tokens; t < tokens; ++t) {
        fillZero(grad.dq + t * pair.key_stride, pair.dk);
        fillZero(grad.dk + t * pair.key_stride, pair.dk);
        fillZero(grad.dv + t * pair.value_stride, pair.dv);
        grad.dg[t * pair.heads] = 0;
        grad.dbeta[t * pair.heads] = 0;
    }
}

void gdnBackwardRange(const GdnBackward& args, std::int64_t first_pair, std::int64_t last_pair) {
    const LinearShape& shape = args.forward.shape;
    const std::int64_t key = roundUp(shape.dk, 16);
    const std::int64_t padded_state = key * roundUp(shape.dv, 16);
    ChunkWorkspace w;
    carveChunkWorkspace(args.workspace, shape.dk, shape.dv, w);
    fillZero(w.state_vk[0], padded_state);
    for (std::int64_t index = first_pair; index < last_pair; ++index) {
        const GdnPair pair = gdnPair(args.forward, index);
        const std::int64_t row = index / shape.heads * shape.tokens * shape.heads + index % shape.heads;
        const std::int64_t state = index * shape.dk * shape.dv;
        const GdnGradients grad{args.do_BTHv + row * shape.dv,
                                args.dq_BTHk + row * shape.dk,
                                args.dk_BTHk + row * shape.dk,
                                args.dv_BTHv + row * shape.dv,
                                args.dg_BTH + row,
                                args.dbeta_BTH + row};
        fillZero(w.dstate_vk, padded_state);
        if (args.dfinal_state_BHkv != nullptr) {
            transpose(args.dfinal_state_BHkv + state, shape.dv, shape.dk, shape.dv, w.dstate_vk, key);
        }
        gdnBackwardPair(pair, grad, w);
        zeroGradients(pair, grad, shape.tokens);
        if (args.dinitial_state_BHkv != nullptr) {
            transpose(w.dstate_vk, key, shape.dv, shape.dk, args.dinitial_state_BHkv + state, shape.dv);
        }
    }
}

}  // namespace
}  // namespace fm::kernels
