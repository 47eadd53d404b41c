// GDN forward, one pass over the state per token (reference/kernels.md 1.4 and 4).
//
// The state is cut into panels of columns that stay in the first-level cache: columns of S never mix. Two
// rearrangements bring a token down to three multiply-adds per element of S:
//   - the pass of token t first adds the outer product of token t-1, then reads k_t S and q_t S from the same load;
//     o_t follows from o = exp(g) q S_{t-1} + (q k^T) u;
//   - the decay is kept as one factor, S = decay * panel, and is multiplied in only when it leaves a safe range.
#pragma once

#include "kernels/cpu/chunk_layout.h"
#include "kernels/cpu/gdn.h"
#include "kernels/cpu/simd/vec.h"

namespace fm::kernels {
namespace {

// Where the factored-out decay is multiplied in. The panel holds S / decay, so 2^30 leaves fp32 ample range.
constexpr float kMinDecay = 0x1p-30F;
constexpr float kMaxDecay = 0x1p30F;

struct GdnPair {
    const float* q;  // token t at q + t * key_stride
    const float* k;
    const float* v;  // token t at v + t * value_stride
    const float* g;  // token t at g + t * heads
    const float* beta;
    const float* initial_state;  // null: zeros
    float* o;
    float* final_state;        // may be null
    float* checkpoint_states;  // may be null
    float* checkpoint_u;
    std::int64_t tokens;  // that count
    std::int64_t heads;
    std::int64_t key_stride;
    std::int64_t value_stride;
    std::int64_t dk;
    std::int64_t dv;
    float scale;
};

template <int kVecs>
struct GdnPanel {
    // Enough rows per step to keep at least four independent sums per read, which hides the latency of an addition.
    static constexpr int kRowStep = kVecs >= 4 ? 1 : 4 / kVecs;
    static constexpr int kCols = kVecs * kVecFloats;

    Vec state[kMaxHeadDim * kVecs];  // true state = decay * state + k_pending^T u_pending (u_pending divided by decay)
    alignas(64) float k_pending[kMaxHeadDim];
    alignas(64) float k[kMaxHeadDim];
    alignas(64) float q[kMaxHeadDim];
    Vec u_pending[kVecs];
    Vec k_state[kVecs];
    Vec q_state[kVecs];
    float decay;
    std::int64_t rows;  // dk rounded up
    std::int64_t used_cols;

    // state += k_pending^T u_pending; k_state = k state; q_state = q state
    void sweep() {
        Vec u[kVecs];
        Vec k_sum[kRowStep][kVecs] = {};
        Vec q_sum[kRowStep][kVecs] = {};
        for (int n = 0; n < kVecs; ++n) u[n] = u_pending[n];
        for (std::int64_t row = 0; row < rows; row += kRowStep) {
#pragma GCC unroll 4
            for (int r = 0; r < kRowStep; ++r) {
                const Vec k_pending_row = splat(k_pending[row + r]);
                const Vec k_row = splat(k[row + r]);
                const Vec q_row = splat(q[row + r]);
#pragma GCC unroll 4
                for (int n = 0; n < kVecs; ++n) {
                    Vec element = state[(row + r) * kVecs + n];
                    element += k_pending_row * u[n];
                    state[(row + r) * kVecs + n] = element;
                    k_sum[r][n] += k_row * element;
                    q_sum[r][n] += q_row * element;
                }
            }
        }
        for (int n = 0; n < kVecs; ++n) {
            k_state[n] = k_sum[0][n];
            q_state[n] = q_sum[0][n];
            for (int r = 1; r < kRowStep; ++r) {
                k_state[n] += k_sum[r][n];
                q_state[n] += q_sum[r][n];
            }
        }
    }

    // Brings state to its true value: pending product added, decay multiplied in.
    void settle() {
        for (std::int64_t row = 0; row < rows; ++row) {
            for (int n = 0; n < kVecs; ++n) {
                Vec& element = state[row * kVecs + n];
                element = (element + splat(k_pending[row]) * u_pending[n]) * splat(decay);
            }
        }
        decay = 1;
        for (int n = 0; n < kVecs; ++n) u_pending[n] = Vec{};
    }

    void readState(const float* from, std::int64_t stride, std::int64_t dk) {
        float* to = reinterpret_cast<float*>(state);
        fillZero(to, rows * kCols);
        fillZero(k_pending, kMaxHeadDim);
        for (int n = 0; n < kVecs; ++n) u_pending[n] = Vec{};
        decay = 1;
        for (std::int64_t row = 0; from != nullptr && row < dk; ++row) {
            copyPadded(from + row * stride, used_cols, to + row * kCols, kCols);
        }
    }

    void writeState(float* to, std::int64_t stride, std::int64_t dk) {
        settle();
        for (std::int64_t row = 0; row < dk; ++row) {
            copyPadded(reinterpret_cast<const float*>(state + row * kVecs), used_cols, to + row * stride, used_cols);
        }
    }
};

template <int kVecs>
inline void loadColumns(const float* from, std::int64_t used_cols, Vec (&to)[kVecs]) {
    alignas(64) float padded[kVecs * kVecFloats];
    const bool whole = used_cols == kVecs * kVecFloats;
    if (!whole) copyPadded(from, used_cols, padded, kVecs * kVecFloats);
    for (int n = 0; n < kVecs; ++n) to[n] = load((whole ? from : padded) + n * kVecFloats);
}

template <int kVecs>
inline void storeColumns(const Vec (&from)[kVecs], std::int64_t used_cols, float* to) {
    if (used_cols == kVecs * kVecFloats) {
        for (int n = 0; n < kVecs; ++n) store(to + n * kVecFloats, from[n]);
        return;
    }
    alignas(64) float padded[kVecs * kVecFloats];
    for (int n = 0; n < kVecs; ++n) store(padded + n * kVecFloats, from[n]);
    copyPadded(padded, used_cols, to, used_cols);
}

// One token of a panel whose first column is `col`.
template <int kVecs>
inline void gdnToken(GdnPanel<kVecs>& panel, const GdnPair& pair, std::int64_t t, std::int64_t col) {
    const std::int64_t padded_rows = roundUp(pair.dk, kVecFloats);
    copyPadded(pair.k + t * pair.key_stride, pair.dk, panel.k, padded_rows);
    copyPadded(pair.q + t * pair.key_stride, pair.dk, panel.q, padded_rows);
    Vec v[kVecs];
    loadColumns<kVecs>(pair.v + t * pair.value_stride + col, panel.used_cols, v);
    const float beta = pair.beta[t * pair.heads];
    float decay = panel.decay * __builtin_expf(pair.g[t * pair.heads]);
    const float q_dot_k = dot(panel.q, panel.k, padded_rows);

    panel.sweep();
    Vec u[kVecs];
    Vec o[kVecs];
    for (int n = 0; n < kVecs; ++n) {
        u[n] = beta * (v[n] - decay * panel.k_state[n]);
        o[n] = (pair.scale * decay) * panel.q_state[n] + (pair.scale * q_dot_k) * u[n];
    }
    storeColumns<kVecs>(o, panel.used_cols, pair.o + t * pair.value_stride + col);
    if (pair.checkpoint_u != nullptr) storeColumns<kVecs>(u, panel.used_cols, pair.checkpoint_u + t * pair.dv + col);

    for (std::int64_t i = 0; i < padded_rows; i += kVecFloats) store(panel.k_pending + i, load(panel.k + i));
    if (decay >= kMinDecay && decay <= kMaxDecay) {
        for (int n = 0; n < kVecs; ++n) panel.u_pending[n] = u[n] / splat(decay);
        panel.decay = decay;
        return;
    }
    for (int n = 0; n < kVecs; ++n) panel.u_pending[n] = Vec{};
    panel.decay = decay;
    panel.settle();
    for (int n = 0; n < kVecs; ++n) panel.u_pending[n] = u[n];
}

template <int kVecs>
void gdnForwardPanel(const GdnPair& pair, std::int64_t col, std::int64_t used_cols) {
    GdnPanel<kVecs> panel;
    panel.rows = roundUp(pair.dk, 4);
    panel.used_cols = used_cols;
    panel.readState(pair.initial_state == nullptr ? nullptr : pair.initial_state + col, pair.dv, pair.dk);
    for (std::int64_t t = 0; t < pair.tokens; ++t) {
        if (pair.checkpoint_states != nullptr && t % kSegment == 0) {
            panel.writeState(pair.checkpoint_states + t / kSegment * pair.dk * pair.dv + col, pair.dv, pair.dk);
        }
        gdnToken<kVecs>(panel, pair, t, col);
    }
    if (pair.final_state != nullptr) panel.writeState(pair.final_state + col, pair.dv, pair.dk);
}

inline GdnPair gdnPair(const GdnForward& args, std::int64_t pair_index) {
    const LinearShape& shape = args.shape;
    const std::int64_t b = pair_index / shape.heads;
    const std::int64_t h = pair_index % shape.heads;
    const std::int64_t row = b * shape.tokens * shape.heads + h;
    const std::int64_t state = pair_index * shape.dk * shape.dv;
    GdnPair pair{};
    pair.q = args.q_BTHk + row * shape.dk;
    pair.k = args.k_BTHk + row * shape.dk;
    pair.v = args.v_BTHv + row * shape.dv;
    pair.g = args.g_BTH + row;
    pair.beta = args.beta_BTH + row;
    pair.o = args.o_BTHv + row * shape.dv;
    if (args.initial_state_BHkv != nullptr) pair.initial_state = args.initial_state_BHkv + state;
    if (args.final_state_BHkv != nullptr) pair.final_state = args.final_state_BHkv + state;
    pair.tokens = args.lengths_B == nullptr ? shape.tokens : args.lengths_B[b];
    pair.heads = shape.heads;
    pair.key_stride = shape.heads * shape.dk;
    pair.value_stride = shape.heads * shape.dv;
    pair.dk = shape.dk;
    pair.dv = shape.dv;
    pair.scale = shape.scale;
    if (args.checkpoints != nullptr) {
        const std::int64_t state_floats = (shape.tokens + kSegment - 1) / kSegment * shape.dk * shape.dv;
        pair.checkpoint_states = args.checkpoints + pair_index * (state_floats + shape.tokens * shape.dv);
        pair.checkpoint_u = pair.checkpoint_states + state_floats;
    }
    return pair;
}

void gdnForwardRange(const GdnForward& args, std::int64_t first_pair, std::int64_t last_pair) {
    for (std::int64_t index = first_pair; index < last_pair; ++index) {
        const GdnPair pair = gdnPair(args, index);
        std::int64_t col = 0;
        for (; col + 4 * kVecFloats <= pair.dv; col += 4 * kVecFloats) gdnForwardPanel<4>(pair, col, 4 * kVecFloats);
        for (; col + 2 * kVecFloats <= pair.dv; col += 2 * kVecFloats) gdnForwardPanel<2>(pair, col, 2 * kVecFloats);
        for (; col < pair.dv; col += kVecFloats) {
            gdnForwardPanel<1>(pair, col, pair.dv - col < kVecFloats ? pair.dv - col : kVecFloats);
        }
        for (std::int64_t t = pair.tokens; t < args.shape.tokens; ++t)
            fillZero(pair.o + t * pair.value_stride, pair.dv);
    }
}

}  // namespace
}  // namespace fm::kernels
