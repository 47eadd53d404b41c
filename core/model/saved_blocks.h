// Hand-written forward/backward pairs of the decoder's blocks for the gate engine. Nothing but gates trains there, so
// a backward pass returns the gradient of the block's input only: no weight gradients, no stored inputs of linear maps
// (reference/kernels.md 3.1). Works in float64 (finite-difference tests), fp32 and bf16.
// Thread: one job's thread. Call under NoGradGuard.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/model/blocks.h"

namespace fm {

// y = x * rsqrt(mean(x^2) + eps) * w along the last dimension.
at::Tensor rmsNormBackward(const at::Tensor& dy_BTD, const at::Tensor& x_BTD, const at::Tensor& weight_D, double eps);

// dx of y = x W^T + b.
at::Tensor linearBackward(const at::Tensor& dy_BTO, const at::Tensor& weight_OI);

// dx of rotary embedding: the inverse rotation.
at::Tensor applyRopeBackward(const at::Tensor& dy_BTHd, const Rope& rope);

struct SavedMlp {
    at::Tensor gate_BTI, up_BTI;  // before the activation
};
at::Tensor swigluMlpForward(const at::Tensor& normed_BTD, const MlpWeights& weights, SavedMlp& saved);
at::Tensor swigluMlpBackward(const at::Tensor& dy_BTD, const MlpWeights& weights, const SavedMlp& saved);

struct SavedSoftmaxMixer {
    at::Tensor q_raw_BTHd, k_raw_BTKd;  // before QK-norm; undefined without it
    at::Tensor q_BHTd, k_BKTd, v_BKTd;  // what the attention read: leaves of its private graph
    at::Tensor out_BHTd;                // root of that graph
};
// The same numbers as softmaxMixer() without a cache.
at::Tensor softmaxMixerForward(const at::Tensor& normed_BTD, const AttentionWeights& weights, const ModelConfig& config,
                               const Rope& rope, SavedSoftmaxMixer& saved);
at::Tensor softmaxMixerBackward(const at::Tensor& dy_BTD, const AttentionWeights& weights, const ModelConfig& config,
                                const Rope& rope, SavedSoftmaxMixer& saved);

}  // namespace fm
