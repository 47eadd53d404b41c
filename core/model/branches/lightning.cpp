#include "core/ops/lightning.h"

#include <ATen/ATen.h>

#include "core/model/branch.h"
#include "core/model/branches/lightning.h"

namespace fm {

namespace lightning_branch {
namespace {

std::vector<std::int64_t> heads(const BranchSpec&, const ModelConfig& config) { return {config.num_heads}; }

// HALO's slopes (method.md 10): -2^(-8h/H), h = 1..H
void start(BranchWeights& w, const BranchSpec&, const ModelConfig& config, const at::TensorOptions& options) {
    const std::int64_t count = config.num_heads;
    const at::Tensor h = at::arange(1, count + 1, options);
    w.own = {-at::exp2(h * (-8.0 / static_cast<double>(count)))};
}

OwnTensors controls(const OwnTensors&, const BranchWeights& weights, const BranchSpec&, const ModelConfig&) {
    return {weights.own[0]};
}

OwnTensors controlsBackward(const OwnTensors&, const OwnTensors&, const OwnTensors&, const BranchWeights&,
                            const ModelConfig&) {
    return {};
}

}  // namespace
}  // namespace lightning_branch

// GLA, which would carry it, has neither SiLU nor l2-norm (export.md 4).
const Mixer& lightningMixer() {
    using namespace lightning_branch;
    static const Mixer mixer = {.name = "lightning",
                                .summary = "fixed decays",
                                .tensors = {{"log_decay", TensorRole::Constant, heads}},
                                .silu = false,
                                .unit_keys = false,
                                .exports_to = {},
                                .recurrence = lightningRecurrence,
                                .start = start,
                                .controls = controls,
                                .controls_backward = controlsBackward,
                                .cost = linearAttentionCost};
    return mixer;
}

}  // namespace fm
