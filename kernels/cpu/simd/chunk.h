// What the chunk forms of GDN and Lightning share (notation of reference/kernels.md 1.1): decays inside a chunk, packed
// operands, row-wise scaling and dot products.
#pragma once

#include "kernels/cpu/chunk_layout.h"
#include "kernels/cpu/simd/small_matrix.h"
#include "kernels/cpu/simd/vec.h"

namespace fm::kernels {
namespace {

typedef float ChunkSquare[kChunk][kChunk];

struct ChunkDecay {
    alignas(64) float prefix[kChunk];  // e^b_i: from the start of the chunk through row i
    alignas(64) float suffix[kChunk];  // e^(bC - b_i): after row i to the end of the chunk
    alignas(64) ChunkSquare pair;      // D: e^(b_i - b_j) for i >= j, else 0
    float total;                       // e^bC
};

alignas(64) constexpr ChunkSquare kIdentity = {{1},
                                               {0, 1},
                                               {0, 0, 1},
                                               {0, 0, 0, 1},
                                               {0, 0, 0, 0, 1},
                                               {0, 0, 0, 0, 0, 1},
                                               {0, 0, 0, 0, 0, 0, 1},
                                               {0, 0, 0, 0, 0, 0, 0, 1},
                                               {0, 0, 0, 0, 0, 0, 0, 0, 1},
                                               {0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
                                               {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
                                               {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
                                               {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
                                               {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
                                               {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
                                               {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

// token_decay[t] = e^g_t, 1 beyond the valid rows. Products of decays instead of exp(b_i - b_j): g may be -infinity.
inline void computeDecay(const float* token_decay, ChunkDecay& decay) {
    constexpr int kRowVecs = static_cast<int>(kChunk) / kVecFloats;
    Vec row[kRowVecs] = {};
    float prefix = 1;
    for (std::int64_t i = 0; i < kChunk; ++i) {
        prefix *= token_decay[i];
        decay.prefix[i] = prefix;
        for (int n = 0; n < kRowVecs; ++n) {
            row[n] = row[n] * token_decay[i] + load(kIdentity[i] + n * kVecFloats);
            store(decay.pair[i] + n * kVecFloats, row[n]);
        }
    }
    for (int n = 0; n < kRowVecs; ++n) store(decay.suffix + n * kVecFloats, row[n]);
    decay.total = prefix;
}

// to [kChunk][padded]: `rows` rows of `dim` floats, `stride` apart; everything else 0.
inline void packRows(const float* from, std::int64_t stride, std::int64_t rows, std::int64_t dim, std::int64_t padded,
                     float* to) {
    for (std::int64_t t = 0; t < rows; ++t) copyPadded(from + t * stride, dim, to + t * padded, padded);
    fillZero(to + rows * padded, (kChunk - rows) * padded);
}

inline void unpackRows(const float* from, std::int64_t padded, std::int64_t rows, std::int64_t dim, std::int64_t stride,
                       float* to) {
    for (std::int64_t t = 0; t < rows; ++t) copyPadded(from + t * padded, dim, to + t * stride, dim);
}

// to row t = factor * scale[t] * from row t
inline void scaleRows(const float* from, const float* scale, float factor, std::int64_t padded, float* to) {
    for (std::int64_t t = 0; t < kChunk; ++t) {
        const Vec by = splat(factor * scale[t]);
        for (std::int64_t i = 0; i < padded; i += kVecFloats) {
            store(to + t * padded + i, by * load(from + t * padded + i));
        }
    }
}

// to row t = scale[t] * from row t, for `rows` rows of `dim` floats in the caller's memory
inline void unpackScaledRows(const float* from, const float* scale, std::int64_t padded, std::int64_t rows,
                             std::int64_t dim, std::int64_t stride, float* to) {
    for (std::int64_t t = 0; t < rows; ++t) {
        std::int64_t i = 0;
        for (; i + kVecFloats <= dim; i += kVecFloats)
            store(to + t * stride + i, splat(scale[t]) * load(from + t * padded + i));
        for (; i < dim; ++i) to[t * stride + i] = scale[t] * from[t * padded + i];
    }
}

// Elementwise product of two 16 x 16 matrices, times a factor.
inline void multiplyElements(const ChunkSquare& a, const ChunkSquare& b, float factor, ChunkSquare& to) {
    for (std::int64_t i = 0; i < kChunk * kChunk; i += kVecFloats) {
        store(to[0] + i, splat(factor) * load(a[0] + i) * load(b[0] + i));
    }
}

// Second half of dodb_2Cv = suffix rows of (K dS) + P^T dO: the gradient that reaches a value row, through the state
// and inside the chunk. dO is the first half.
inline void valueGradient(const ChunkWorkspace& w, const ChunkDecay& decay, const ChunkSquare& p, std::int64_t key,
                          std::int64_t value) {
    float* du_Cv = w.dodb_2Cv + kChunk * value;
    multiply(value, kChunk, key, Left{w.dstate_vk, key}, w.k_kC, kChunk, w.du_vC, kChunk);
    transpose(w.du_vC, kChunk, value, kChunk, du_Cv, value);
    scaleRows(du_Cv, decay.suffix, 1, value, du_Cv);
    multiplyAdd(kChunk, value, kChunk, LeftLowerTransposed{p[0], kChunk}, w.dodb_2Cv, value, {du_Cv, value, 1}, du_Cv,
                value);
}

}  // namespace
}  // namespace fm::kernels
