#include "core/model/branches/gdn.h"

#include <ATen/ATen.h>

#include <cmath>

#include "core/model/branch.h"
#include "core/ops/gdn.h"
#include "core/ops/precision.h"

namespace fm {

namespace gdn_branch {
namespace {

constexpr double kSlowestDecay = 0.01, kFastestDecay = 0.5;  // exp(A_log) over the heads

std::vector<std::int64_t> headRows(const BranchSpec&, const ModelConfig& config) {
    return {config.num_heads, config.hidden_size};
}
std::vector<std::int64_t> heads(const BranchSpec&, const ModelConfig& config) { return {config.num_heads}; }

void start(BranchWeights& w, const BranchSpec&, const ModelConfig& config, const at::TensorOptions& options) {
    const std::int64_t count = config.num_heads;
    w.own = {at::zeros({count, config.hidden_size}, options),
             at::zeros({count, config.hidden_size}, options),  // beta = sigmoid(0) = 1/2
             at::linspace(std::log(kSlowestDecay), std::log(kFastestDecay), count, options),
             at::zeros({count}, options)};
}

OwnTensors controls(const OwnTensors& projected, const BranchWeights& weights, const BranchSpec&, const ModelConfig&) {
    const GdnTensors own = gdnTensors(weights);
    const at::Tensor a = toComputePrecision(projected[0]);
    const at::Tensor g_BTH =
        -own.A_log_H.to(a.scalar_type()).exp() * at::softplus(a + own.dt_bias_H.to(a.scalar_type()));
    return {g_BTH, at::sigmoid(toComputePrecision(projected[1]))};
}

OwnTensors controlsBackward(const OwnTensors& dcontrols, const OwnTensors& controls, const OwnTensors& projected,
                            const BranchWeights& weights, const ModelConfig&) {
    const GdnTensors own = gdnTensors(weights);
    const at::Tensor a = toComputePrecision(projected[0]);
    const at::Tensor slope = at::sigmoid(a + own.dt_bias_H.to(a.scalar_type()));  // of softplus
    return {-dcontrols[0] * own.A_log_H.to(a.scalar_type()).exp() * slope,
            at::sigmoid_backward(dcontrols[1], controls[1])};
}

}  // namespace
}  // namespace gdn_branch

const Mixer& gdnMixer() {
    using namespace gdn_branch;
    static const Mixer mixer = {.name = "gdn",
                                .summary = "gated delta rule",
                                .tensors = {{"a_proj.weight", TensorRole::Projection, headRows},
                                            {"b_proj.weight", TensorRole::Projection, headRows},
                                            {"A_log", TensorRole::Vector, heads},
                                            {"dt_bias", TensorRole::Vector, heads}},
                                .silu = true,
                                .unit_keys = true,
                                .exports_to = {"fla", "qwen3_5"},
                                .recurrence = gdnRecurrence,
                                .start = start,
                                .controls = controls,
                                .controls_backward = controlsBackward,
                                .cost = deltaRuleCost};
    return mixer;
}

GdnTensors gdnTensors(const BranchWeights& w) { return {w.own[0], w.own[1], w.own[2], w.own[3]}; }

}  // namespace fm
