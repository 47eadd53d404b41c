#include "core/engine/align_loss.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>

#include "core/engine/align_taps.h"
#include "core/engine/tensor_util.h"
#include "core/model/branch_stacked.h"

namespace fm {

namespace {

constexpr double kGroupBytes = 24.0 * (1LL << 30);
constexpr double kSavedTensors = 40;  // fp32 [tokens, H, d] values that the chunked recurrence's graph holds, about

at::Tensor validMask(const Batch& batch, at::Device device) {
    at::Tensor mask = at::empty({batch.batch, batch.tokens, 1}, at::kFloat);
    std::copy(batch.valid_BT.begin(), batch.valid_BT.end(), mask.mutable_data_ptr<float>());
    return mask.to(device);
}

at::Tensor groupOutputs(const std::vector<LayerTap>& taps, const BranchSet& branches, std::int64_t first,
                        const ModelConfig& config, at::ScalarType dtype) {
    const std::size_t begin = static_cast<std::size_t>(first);
    if (taps.size() == 1) {
        const BranchWeights weights = workingCopy(branches.layers[begin], *branches.spec.kind, dtype);
        return linearMixer(taps[0].normed_BTD, weights, branches.spec, config).unsqueeze(0);
    }
    std::vector<at::Tensor> inputs;
    for (const LayerTap& tap : taps) inputs.push_back(tap.normed_BTD.to(dtype));
    const std::vector<BranchWeights> layers(branches.layers.begin() + first,
                                            branches.layers.begin() + first + static_cast<std::int64_t>(taps.size()));
    return linearMixerStacked(at::stack(inputs), stackLayers(layers, *branches.spec.kind, dtype), branches.spec,
                              config);
}

at::Tensor groupErrors(const at::Tensor& y_GBTD, const std::vector<LayerTap>& taps, const at::Tensor& mask_BT1) {
    std::vector<at::Tensor> targets;
    for (const LayerTap& tap : taps) targets.push_back(tap.mixer_BTD);
    const at::Tensor target_GBTD = at::stack(targets).to(at::kFloat);
    const at::Tensor squares = (target_GBTD.square() * mask_BT1).sum({1, 2, 3});
    return ((y_GBTD.to(at::kFloat) - target_GBTD).square() * mask_BT1).sum({1, 2, 3}) / squares;
}

}  // namespace

void visitRelativeErrors(const DecoderWeights& teacher, const BranchSet& branches, const Batch& batch, const Rope& rope,
                         std::int64_t layers_per_pass, const GroupErrors& visit) {
    const at::Device device = teacher.embed_VD.device();
    const at::ScalarType dtype = teacher.embed_VD.scalar_type();
    const at::Tensor mask_BT1 = validMask(batch, device);
    const std::int64_t num_layers = static_cast<std::int64_t>(teacher.layers.size());
    std::vector<LayerTap> group;
    tapTeacher(teacher, idsTensor(batch, device), ropeSlice(rope, 0, batch.tokens),
               [&](std::int64_t layer, const LayerTap& tap) {
                   group.push_back(tap);
                   const std::int64_t count = static_cast<std::int64_t>(group.size());
                   if (count < layers_per_pass && layer + 1 < num_layers) return;
                   const std::int64_t first = layer + 1 - count;
                   visit(first,
                         groupErrors(groupOutputs(group, branches, first, teacher.config, dtype), group, mask_BT1));
                   group.clear();
               });
}

std::int64_t defaultLayersPerPass(const DecoderWeights& teacher, std::int64_t tokens) {
    if (teacher.embed_VD.device().is_cpu()) return 1;
    const ModelConfig& config = teacher.config;
    const double layer_bytes =
        static_cast<double>(tokens * config.num_heads * std::max<std::int64_t>(config.head_dim, 64)) * 4 *
        kSavedTensors;
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(kGroupBytes / layer_bytes), 1, config.num_layers);
}

std::vector<float> relativeErrors(const DecoderWeights& teacher, const BranchSet& branches,
                                  const std::vector<Batch>& batches, const Rope& rope, std::int64_t layers_per_pass) {
    const c10::NoGradGuard no_grad;
    std::vector<float> mean(teacher.layers.size(), 0.0f);
    for (const Batch& batch : batches) {
        visitRelativeErrors(teacher, branches, batch, rope, layers_per_pass,
                            [&](std::int64_t first, const at::Tensor& error_G) {
                                const at::Tensor host = error_G.cpu();
                                for (std::int64_t i = 0; i < host.size(0); ++i)
                                    mean[static_cast<std::size_t>(first + i)] +=
                                        host.const_data_ptr<float>()[i] / static_cast<float>(batches.size());
                            });
    }
    return mean;
}

}  // namespace fm
