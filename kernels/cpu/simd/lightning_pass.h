// Lightning forward and backward in chunks of 16 tokens (reference/kernels.md 1.2). dQ needs only states and dK, dV
// only gradients of states, so backward is two independent scans and stores nothing.
#pragma once

#include "kernels/cpu/lightning.h"
#include "kernels/cpu/simd/chunk.h"

namespace fm::kernels {
namespace {

// Columns of the state handled together: at dk = 64 a panel of 16 KB stays in the first-level cache.
constexpr std::int64_t kPanelCols = 64;

struct LightningPair {
    const float* q;
    const float* k;
    const float* v;
    const float* initial_state;  // null: zeros
    std::int64_t tokens;         // that count
    std::int64_t key_stride;
    std::int64_t value_stride;
    std::int64_t dk;
    std::int64_t dv;
    std::int64_t first_row;  // index of (b, 0, h) in [B, T, H]
    float token_decay;
    float scale;
};

inline LightningPair lightningPair(const LightningForward& args, std::int64_t index) {
    const LinearShape& shape = args.shape;
    const std::int64_t b = index / shape.heads;
    const std::int64_t h = index % shape.heads;
    const std::int64_t row = b * shape.tokens * shape.heads + h;
    LightningPair pair{};
    pair.q = args.q_BTHk + row * shape.dk;
    pair.k = args.k_BTHk + row * shape.dk;
    pair.v = args.v_BTHv + row * shape.dv;
    if (args.initial_state_BHkv != nullptr) pair.initial_state = args.initial_state_BHkv + index * shape.dk * shape.dv;
    pair.tokens = args.lengths_B == nullptr ? shape.tokens : args.lengths_B[b];
    pair.key_stride = shape.heads * shape.dk;
    pair.value_stride = shape.heads * shape.dv;
    pair.dk = shape.dk;
    pair.dv = shape.dv;
    pair.first_row = row;
    pair.token_decay = __builtin_expf(args.log_decay_H[h]);
    pair.scale = shape.scale;
    return pair;
}

struct LightningChunk {
    std::int64_t start;
    std::int64_t rows;
    ChunkDecay decay;
    alignas(64) ChunkSquare square;  // Q K^T or dO V^T
    alignas(64) ChunkSquare scaled;  // the same times scale * D
};

inline void beginChunk(const LightningPair& pair, std::int64_t start, LightningChunk& chunk) {
    chunk.start = start;
    chunk.rows = pair.tokens - start < kChunk ? pair.tokens - start : kChunk;
    float token_decay[kChunk];
    for (std::int64_t t = 0; t < kChunk; ++t) token_decay[t] = t < chunk.rows ? pair.token_decay : 1;
    computeDecay(token_decay, chunk.decay);
}

struct LightningForwardScratch {
    alignas(64) float state_kv[kMaxHeadDim * kPanelCols];
    alignas(64) float q_Ck[kChunk * kMaxHeadDim];
    alignas(64) float k_Ck[kChunk * kMaxHeadDim];
    alignas(64) float k_kC[kChunk * kMaxHeadDim];
    alignas(64) float k_suffix_Ck[kChunk * kMaxHeadDim];
    alignas(64) float v_Cv[kChunk * kPanelCols];
    alignas(64) float o_Cv[kChunk * kPanelCols];
};

// One panel of columns from `col` on; cols of them count, width is cols rounded up to 16.
inline void lightningForwardChunk(const LightningPair& pair, std::int64_t col, std::int64_t cols, float* o,
                                  LightningChunk& chunk, LightningForwardScratch& s) {
    const std::int64_t key = roundUp(pair.dk, 16);
    const std::int64_t width = roundUp(cols, 16);
    const std::int64_t key_offset = chunk.start * pair.key_stride;
    const std::int64_t value_offset = chunk.start * pair.value_stride + col;
    packRows(pair.q + key_offset, pair.key_stride, chunk.rows, pair.dk, key, s.q_Ck);
    packRows(pair.k + key_offset, pair.key_stride, chunk.rows, pair.dk, key, s.k_Ck);
    packRows(pair.v + value_offset, pair.value_stride, chunk.rows, cols, width, s.v_Cv);
    transpose(s.k_Ck, key, kChunk, key, s.k_kC, kChunk);
    scaleRows(s.k_Ck, chunk.decay.suffix, 1, key, s.k_suffix_Ck);
    multiplyLower(key, Left{s.q_Ck, key}, s.k_kC, chunk.square);
    multiplyElements(chunk.square, chunk.decay.pair, pair.scale, chunk.scaled);
    multiply(kChunk, width, key, Left{s.q_Ck, key}, s.state_kv, width, s.o_Cv, width);
    scaleRows(s.o_Cv, chunk.decay.prefix, pair.scale, width, s.o_Cv);
    multiplyAdd(kChunk, width, kChunk, LeftLower{chunk.scaled[0], kChunk}, s.v_Cv, width, {s.o_Cv, width, 1}, s.o_Cv,
                width);
    unpackRows(s.o_Cv, width, chunk.rows, cols, pair.value_stride, o + value_offset);
    multiplyAdd(key, width, kChunk, LeftTransposed{s.k_suffix_Ck, key}, s.v_Cv, width,
                {s.state_kv, width, chunk.decay.total}, s.state_kv, width);
}

void lightningForwardPanel(const LightningPair& pair, std::int64_t col, std::int64_t cols, float* o,
                           float* final_state) {
    LightningForwardScratch scratch;
    LightningChunk chunk;
    const std::int64_t width = roundUp(cols, 16);
    fillZero(scratch.state_kv, roundUp(pair.dk, 16) * width);
    for (std::int64_t i = 0; pair.initial_state != nullptr && i < pair.dk; ++i) {
        copyPadded(pair.initial_state + i * pair.dv + col, cols, scratch.state_kv + i * width, cols);
    }
    for (std::int64_t start = 0; start < pair.tokens; start += kChunk) {
        beginChunk(pair, start, chunk);
        lightningForwardChunk(pair, col, cols, o, chunk, scratch);
    }
    for (std::int64_t i = 0; final_state != nullptr && i < pair.dk; ++i) {
        copyPadded(scratch.state_kv + i * width, cols, final_state + i * pair.dv + col, cols);
    }
}

void lightningForwardRange(const LightningForward& args, std::int64_t first_pair, std::int64_t last_pair) {
    for (std::int64_t index = first_pair; index < last_pair; ++index) {
        const LightningPair pair = lightningPair(args, index);
        float* o = args.o_BTHv + pair.first_row * pair.dv;
        float* final_state =
            args.final_state_BHkv == nullptr ? nullptr : args.final_state_BHkv + index * pair.dk * pair.dv;
        for (std::int64_t col = 0; col < pair.dv; col += kPanelCols) {
            const std::int64_t cols = pair.dv - col < kPanelCols ? pair.dv - col : kPanelCols;
            lightningForwardPanel(pair, col, cols, o, final_state);
        }
        for (std::int64_t t = pair.tokens; t < args.shape.tokens; ++t) fillZero(o + t * pair.value_stride, pair.dv);
    }
}

struct LightningGradients {
    const float* d_o;
    float* dq;
    float* dk;
    float* dv;
};

inline void packChunk(const LightningPair& pair, const LightningGradients& grad, const ChunkWorkspace& w,
                      const LightningChunk& chunk, std::int64_t key, std::int64_t value) {
    const std::int64_t key_offset = chunk.start * pair.key_stride;
    const std::int64_t value_offset = chunk.start * pair.value_stride;
    packRows(pair.q + key_offset, pair.key_stride, chunk.rows, pair.dk, key, w.qk_2Ck);
    packRows(pair.k + key_offset, pair.key_stride, chunk.rows, pair.dk, key, w.qk_2Ck + kChunk * key);
    packRows(pair.v + value_offset, pair.value_stride, chunk.rows, pair.dv, value, w.u_Cv);
    packRows(grad.d_o + value_offset, pair.value_stride, chunk.rows, pair.dv, value, w.dodb_2Cv);
    transpose(w.u_Cv, value, kChunk, value, w.u_vC, kChunk);
}

// dP scaled = scale * D (.) (dO V^T)
inline void scoreGradient(const LightningPair& pair, const ChunkWorkspace& w, std::int64_t value,
                          LightningChunk& chunk) {
    multiplyLower(value, Left{w.dodb_2Cv, value}, w.u_vC, chunk.square);
    multiplyElements(chunk.square, chunk.decay.pair, pair.scale, chunk.scaled);
}

inline void queryGradientScan(const LightningPair& pair, const LightningGradients& grad, const ChunkWorkspace& w,
                              std::int64_t key, std::int64_t value) {
    LightningChunk chunk;
    float* k_Ck = w.qk_2Ck + kChunk * key;
    float* dq_Ck = w.dq_reader_2Ck;
    for (std::int64_t start = 0; start < pair.tokens; start += kChunk) {
        beginChunk(pair, start, chunk);
        packChunk(pair, grad, w, chunk, key, value);
        scoreGradient(pair, w, value, chunk);
        multiply(kChunk, key, value, Left{w.dodb_2Cv, value}, w.state_vk[0], key, dq_Ck, key);
        scaleRows(dq_Ck, chunk.decay.prefix, pair.scale, key, dq_Ck);
        multiplyAdd(kChunk, key, kChunk, LeftLower{chunk.scaled[0], kChunk}, k_Ck, key, {dq_Ck, key, 1}, dq_Ck, key);
        unpackRows(dq_Ck, key, chunk.rows, pair.dk, pair.key_stride, grad.dq + start * pair.key_stride);
        scaleRows(k_Ck, chunk.decay.suffix, 1, key, w.k_suffix_Ck);
        multiplyAdd(value, key, kChunk, LeftTransposed{w.u_Cv, value}, w.k_suffix_Ck, key,
                    {w.state_vk[0], key, chunk.decay.total}, w.state_vk[0], key);
    }
}

inline void keyValueGradientScan(const LightningPair& pair, const LightningGradients& grad, const ChunkWorkspace& w,
                                 std::int64_t key, std::int64_t value) {
    LightningChunk chunk;
    alignas(64) ChunkSquare p;
    const float* dv_Cv = w.dodb_2Cv + kChunk * value;
    for (std::int64_t start = (pair.tokens - 1) / kChunk * kChunk; start >= 0 && pair.tokens > 0; start -= kChunk) {
        beginChunk(pair, start, chunk);
        packChunk(pair, grad, w, chunk, key, value);
        transpose(w.qk_2Ck + kChunk * key, key, kChunk, key, w.k_kC, kChunk);
        multiplyLower(key, Left{w.qk_2Ck, key}, w.k_kC, chunk.square);
        multiplyElements(chunk.square, chunk.decay.pair, pair.scale, p);
        valueGradient(w, chunk.decay, p, key, value);
        unpackRows(dv_Cv, value, chunk.rows, pair.dv, pair.value_stride, grad.dv + start * pair.value_stride);
        scoreGradient(pair, w, value, chunk);
        multiply(kChunk, key, value, Left{w.u_Cv, value}, w.dstate_vk, key, w.dk_Ck, key);
        scaleRows(w.dk_Ck, chunk.decay.suffix, 1, key, w.dk_Ck);
        multiplyAdd(kChunk, key, kChunk, LeftLowerTransposed{chunk.scaled[0], kChunk}, w.qk_2Ck, key, {w.dk_Ck, key, 1},
                    w.dk_Ck, key);
        unpackRows(w.dk_Ck, key, chunk.rows, pair.dk, pair.key_stride, grad.dk + start * pair.key_stride);
        scaleRows(w.qk_2Ck, chunk.decay.prefix, pair.scale, key, w.qk_prefix_2Ck);
        multiplyAdd(value, key, kChunk, LeftTransposed{w.dodb_2Cv, value}, w.qk_prefix_2Ck, key,
                    {w.dstate_vk, key, chunk.decay.total}, w.dstate_vk, key);
    }
}

inline void readTransposed(const float* state, const LightningPair& pair, std::int64_t key, std::int64_t value,
                           float* to_vk) {
    fillZero(to_vk, key * value);
    if (state != nullptr) transpose(state, pair.dv, pair.dk, pair.dv, to_vk, key);
}

void lightningBackwardRange(const LightningBackward& args, std::int64_t first_pair, std::int64_t last_pair) {
    const LinearShape& shape = args.forward.shape;
    const std::int64_t key = roundUp(shape.dk, 16);
    const std::int64_t value = roundUp(shape.dv, 16);
    ChunkWorkspace w;
    carveChunkWorkspace(args.workspace, shape.dk, shape.dv, w);
    for (std::int64_t index = first_pair; index < last_pair; ++index) {
        const LightningPair pair = lightningPair(args.forward, index);
        const std::int64_t state = index * shape.dk * shape.dv;
        const LightningGradients grad{
            args.do_BTHv + pair.first_row * shape.dv, args.dq_BTHk + pair.first_row * shape.dk,
            args.dk_BTHk + pair.first_row * shape.dk, args.dv_BTHv + pair.first_row * shape.dv};
        readTransposed(pair.initial_state, pair, key, value, w.state_vk[0]);
        readTransposed(args.dfinal_state_BHkv == nullptr ? nullptr : args.dfinal_state_BHkv + state, pair, key, value,
                       w.dstate_vk);
        queryGradientScan(pair, grad, w, key, value);
        keyValueGradientScan(pair, grad, w, key, value);
        for (std::int64_t t = pair.tokens; t < shape.tokens; ++t) {
            fillZero(grad.dq + t * pair.key_stride, pair.dk);
            fillZero(grad.dk + t * pair.key_stride, pair.dk);
            fillZero(grad.dv + t * pair.value_stride, pair.dv);
        }
        if (args.dinitial_state_BHkv != nullptr) {
            transpose(w.dstate_vk, key, shape.dv, shape.dk, args.dinitial_state_BHkv + state, shape.dv);
        }
    }
}

}  // namespace
}  // namespace fm::kernels
