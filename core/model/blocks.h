// The decoder's blocks as pure functions of tensors. Everything here is differentiable by autograd, works for fp32,
// float64 (tests) and bf16, on any device. Norms, softmax and rotary tables are computed in fp32 (float64 stays
// float64). The residual stream is fp32 (float64 in float64 models); matrices and their inputs are in the weights'
// dtype.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/model/decoder_weights.h"
#include "core/model/kv_cache.h"

namespace fm {

// Rotary tables for positions [0, T). Rotate-half convention, as in HF.
struct Rope {
    at::Tensor cos_Td;  // head_dim wide, both halves filled
    at::Tensor sin_Td;
};
Rope makeRope(const ModelConfig& config, std::int64_t num_positions, at::Device device, at::ScalarType dtype);
Rope ropeSlice(const Rope& rope, std::int64_t first, std::int64_t count);

at::Tensor rmsNorm(const at::Tensor& x_BTD, const at::Tensor& weight_D, double eps);  // result in x's dtype
at::Tensor linear(const at::Tensor& x_BTI, const Linear& weights);                    // computes in the weights' dtype
at::Tensor applyRope(const at::Tensor& x_BTHd, const Rope& rope);
at::Tensor splitHeads(const at::Tensor& x_BTO, std::int64_t head_dim);  // [B,T,H*d] -> [B,T,H,d], a view

// Causal softmax attention on the normalised layer input, output after o_proj (the "mixer output", before the
// residual), in the weights' dtype. Without a cache: positions start at 0. With one: x holds the next tokens, which
// are appended to it. `rope` covers every position from 0 to the last token's.
at::Tensor softmaxMixer(const at::Tensor& normed_BTD, const AttentionWeights& weights, const ModelConfig& config,
                        const Rope& rope, KvCache* cache = nullptr);

at::Tensor swigluMlp(const at::Tensor& normed_BTD, const MlpWeights& weights);

}  // namespace fm
