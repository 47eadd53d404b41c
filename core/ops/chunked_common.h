// Building blocks of the chunked recurrences (reference/kernels.md 1.1, 1.2, 1.4): the form that any device and dtype
// can run through ATen. Chunks of 64 tokens are batched; only the state is carried from chunk to chunk.
//
// Layout: N chunks, P = B*H pairs of sequence and head, C tokens in a chunk. Chunk-major, so that one chunk of all
// pairs is contiguous. All functions are differentiable by autograd.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "core/ops/recurrence.h"

namespace fm::chunked {

inline constexpr std::int64_t kChunk = 64;

// [B,T,H,d] -> [N,P,C,d]; positions beyond T are zeros.
at::Tensor toChunks(const at::Tensor& x_BTHd);
// [B,T,H] -> [N,P,C], zero-filled likewise.
at::Tensor toChunkScalars(const at::Tensor& x_BTH);
// [N,P,C,d] -> [B,T,H,d]
at::Tensor fromChunks(const at::Tensor& x_NPCd, std::int64_t batch, std::int64_t tokens);

inline at::Tensor transposed(const at::Tensor& matrix) { return matrix.transpose(-1, -2); }

// exp(b_i - b_j) for i >= j, else 0. The exponent is masked before exp, so that no inf can meet a zero.
at::Tensor decayMatrix(const at::Tensor& cumulative_NPC);

// (I + A)^-1 for strictly lower triangular A [..., C, C]; what stands on or above the diagonal of A is ignored.
at::Tensor unitLowerInverse(const at::Tensor& strictly_lower_CC);

// S[0] = initial (undefined = 0), S[n+1] = M[n] S[n] + H[n]; returns all N+1 states. One matrix product a chunk, both
// ways: kernels.md 1.8.
at::Tensor affineScan(const at::Tensor& transition_NPkk, const at::Tensor& injection_NPkv,
                      const at::Tensor& initial_Pkv);

// [B,T,1] bool on `device`: token t of sequence b counts.
at::Tensor validTokens(const at::Tensor& lengths_B, std::int64_t tokens, at::Device device);

// [B,1,H,d] -> [B,H,1,d], for one token.
at::Tensor tokenRow(const at::Tensor& x_B1Hd);

// Gradients by running the forward again under autograd. Of the controls, the first `trained_controls` get one.
RecurrenceGradients gradientsThroughGraph(const RecurrenceInputs& inputs, std::size_t trained_controls,
                                          at::Tensor (*forward)(const RecurrenceInputs&, at::Tensor*, at::Tensor*),
                                          const at::Tensor& do_BTHv);

}  // namespace fm::chunked
