#include "core/model/hybrid_model.h"
#include "core/base/assert.h"

#include <ATen/ATen.h>

#include <c10/core/GradMode.h>
#include <algorithm>

namespace fm {

namespace {

at::ScalarType residualDtype(const DecoderWeights& weights) {
    return weights.embed_VD.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
}

// `delta` was made by a matrix product a moment ago and nobody else holds it: without a graph it becomes the sum.
at::Tensor addToResidual(const at::Tensor& hidden_BTD, at::Tensor delta_BTD) {
    if (c10::GradMode::is_enabled() || delta_BTD.scalar_type() != hidden_BTD.scalar_type()) {
        return hidden_BTD + delta_BTD;
    }
    return delta_BTD.add_(hidden_BTD);
}

at::Tensor mix(const HybridModel& model, std::int64_t layer, LayerKind kind, const at::Tensor& normed_BTD,
               const Rope& rope, DecodeState* state) {
    const ModelConfig& config = model.weights->config;
    const std::size_t index = static_cast<std::size_t>(layer);
    if (kind == LayerKind::Full) {
        return softmaxMixer(normed_BTD, model.weights->layers[index].attn, config, rope,
                            state ? &state->kv[index] : nullptr);
    }
    FM_ASSERT(model.branches, "a linear layer has a branch set");
    return linearMixer(normed_BTD, model.branches->layers[index], model.branches->spec, config,
                       state ? &state->recurrent[index] : nullptr);
}

}  // namespace

HybridModel teacherModel(const DecoderWeights& weights) {
    HybridModel model;
    model.weights = &weights;
    model.plan.kinds.assign(weights.layers.size(), LayerKind::Full);
    return model;
}

std::int64_t DecodeState::kvBytes() const {
    std::int64_t bytes = 0;
    for (const KvCache& cache : kv) bytes += cache.usedBytes();
    return bytes;
}

std::int64_t DecodeState::stateBytes() const {
    std::int64_t bytes = 0;
    for (const BranchState& branch : recurrent) {
        if (branch.state_BHkv.defined()) bytes += static_cast<std::int64_t>(branch.state_BHkv.nbytes());
    }
    return bytes;
}

DecodeState makeDecodeState(const HybridModel& model, std::int64_t batch, std::int64_t capacity) {
    const ModelConfig& config = model.weights->config;
    DecodeState state;
    state.kv.resize(model.plan.kinds.size());
    state.recurrent.resize(model.plan.kinds.size());
    for (std::size_t i = 0; i < model.plan.kinds.size(); ++i) {
        if (model.plan.kinds[i] != LayerKind::Full) continue;
        reserve(state.kv[i], batch, capacity, config.num_kv_heads, config.head_dim,
                model.weights->embed_VD.options().requires_grad(false));
    }
    return state;
}

at::Tensor embed(const DecoderWeights& weights, const at::Tensor& ids_BT) {
    return at::embedding(weights.embed_VD, ids_BT).to(residualDtype(weights));
}

at::Tensor forwardLayer(const HybridModel& model, std::int64_t layer, LayerKind kind, const at::Tensor& hidden_BTD,
                        const Rope& rope, DecodeState* state) {
    const LayerWeights& weights = model.weights->layers[static_cast<std::size_t>(layer)];
    const double eps = model.weights->config.rms_norm_eps;
    const at::Tensor normed_BTD = rmsNorm(hidden_BTD, weights.attn_norm_D, eps);
    const at::Tensor mixed_BTD = addToResidual(hidden_BTD, mix(model, layer, kind, normed_BTD, rope, state));
    return addToResidual(mixed_BTD, swigluMlp(rmsNorm(mixed_BTD, weights.mlp_norm_D, eps), weights.mlp));
}

at::Tensor forwardHidden(const HybridModel& model, const at::Tensor& ids_BT, const Rope& rope, DecodeState* state) {
    FM_ASSERT(model.plan.kinds.size() == model.weights->layers.size(), "the plan has one kind a layer");
    at::Tensor hidden_BTD = embed(*model.weights, ids_BT);
    for (std::size_t i = 0; i < model.plan.kinds.size(); ++i) {
        hidden_BTD = forwardLayer(model, static_cast<std::int64_t>(i), model.plan.kinds[i], hidden_BTD, rope, state);
    }
    if (state) state->position += ids_BT.size(1);
    return hidden_BTD;
}

at::Tensor logitsFromHidden(const DecoderWeights& weights, const at::Tensor& hidden_ND) {
    const at::Tensor normed_ND = rmsNorm(hidden_ND, weights.final_norm_D, weights.config.rms_norm_eps);
    return linear(normed_ND, {weights.head_VD, {}}).to(residualDtype(weights));
}

std::int64_t logitRowsAtOnce(const ModelConfig& config) {
    constexpr std::int64_t kMaxElements = std::int64_t{1} << 26;
    return std::max<std::int64_t>(1, kMaxElements / config.vocab_size);
}

}  // namespace fm
