#include "core/ops/gla.h"

#include <ATen/ATen.h>

#include <cmath>

#include "core/model/branch_forward.h"
#include "core/model/branches/gla.h"
#include "core/ops/precision.h"
#include "core/ops/product.h"

namespace fm {

namespace gla_branch {
namespace {

constexpr std::int64_t kRank = 16;
constexpr double kGateNormalizer = 16;
constexpr double kSlowestDecay = 0.01, kFastestDecay = 0.03;  // -g at the start, over the heads: exp(g) = 0.99 to 0.97

std::int64_t keyChannels(const BranchSpec& spec, const ModelConfig& config) {
    return keyHeads(spec, config) * config.head_dim;
}

std::vector<std::int64_t> lowRank(const BranchSpec&, const ModelConfig& config) { return {kRank, config.hidden_size}; }
std::vector<std::int64_t> fromLowRank(const BranchSpec& spec, const ModelConfig& config) {
    return {keyChannels(spec, config), kRank};
}
std::vector<std::int64_t> bias(const BranchSpec& spec, const ModelConfig& config) {
    return {keyChannels(spec, config)};
}

// Rows cos(pi (r + 1) (j + 1/2) / D): orthogonal, and the same for every teacher. With W1 = 0 behind them the decays
// start at the bias, -log(expm1(16 s)) for a decay of s, and both matrices still learn.
void start(BranchWeights& w, const BranchSpec& spec, const ModelConfig& config, const at::TensorOptions& options) {
    const double width = static_cast<double>(config.hidden_size);
    const at::Tensor row = at::arange(1, kRank + 1, options).unsqueeze(1);
    const at::Tensor column = (at::arange(config.hidden_size, options) + 0.5).unsqueeze(0);
    const at::Tensor rows_RD = (row * column * (M_PI / width)).cos() * std::sqrt(2 / width);
    const at::Tensor decay_K =
        at::linspace(std::log(kSlowestDecay), std::log(kFastestDecay), keyHeads(spec, config), options).exp();
    const at::Tensor bias_K = -(decay_K * kGateNormalizer).expm1().log();
    w.own = {rows_RD, at::zeros({keyChannels(spec, config), kRank}, options),
             bias_K.repeat_interleave(config.head_dim)};
}

// W1 W0 x + b, flat over the key heads' channels.
at::Tensor gateLogits(const OwnTensors& projected, const BranchWeights& weights) {
    const at::Tensor logits = toComputePrecision(branchProduct(projected[0], weights.own[1]));
    return logits + weights.own[2].to(logits.scalar_type());
}

OwnTensors controls(const OwnTensors& projected, const BranchWeights& weights, const BranchSpec&,
                    const ModelConfig& config) {
    const at::Tensor g_BTO = at::log_sigmoid(gateLogits(projected, weights)) / kGateNormalizer;
    return {repeatHeads(splitHeads(g_BTO, config.head_dim), config.num_heads)};
}

OwnTensors controlsBackward(const OwnTensors& dcontrols, const OwnTensors&, const OwnTensors& projected,
                            const BranchWeights& weights, const ModelConfig& config) {
    const at::Tensor logits = gateLogits(projected, weights);
    const at::Tensor dg_BTO = sumRepeated(dcontrols[0], logits.size(-1) / config.head_dim).flatten(-2);
    const at::Tensor dlogits = dg_BTO * at::sigmoid(-logits) / kGateNormalizer;
    const at::Tensor& matrix = weights.own[1];
    return {toComputePrecision(product(dlogits.to(matrix.scalar_type()), matrix.t()))};
}

MixerCost cost(const ModelShape& shape) {
    MixerCost cost = linearAttentionCost(shape);
    cost.weights += double(kRank) * double(shape.hidden_size + shape.num_heads * shape.head_dim);
    return cost;
}

}  // namespace
}  // namespace gla_branch

const Mixer& glaMixer() {
    using namespace gla_branch;
    static const Mixer mixer = {.name = "gla",
                                .summary = "a decay per key channel",
                                .tensors = {{"gk_proj.0.weight", TensorRole::Projection, lowRank},
                                            {"gk_proj.1.weight", TensorRole::Matrix, fromLowRank},
                                            {"gk_proj.1.bias", TensorRole::Vector, bias}},
                                .silu = false,
                                .unit_keys = false,
                                .exports_to = {"fla"},
                                .recurrence = glaRecurrence,
                                .start = start,
                                .controls = controls,
                                .controls_backward = controlsBackward,
                                .cost = cost};
    return mixer;
}

}  // namespace fm
