#include "core/engine/gate_step.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>

#include "core/engine/gate_optimizer.h"
#include "core/engine/tensor_util.h"

namespace fm {
namespace {

constexpr double kSmallestLambda = 1e-8;

void addScaled(ObjectiveValue& sum, const ObjectiveValue& part, double scale) {
    sum.total += scale * part.total;
    sum.hidden += scale * part.hidden;
    sum.kl += scale * part.kl;
    sum.text_kl += scale * part.text_kl;
    sum.layer_error_L.resize(part.layer_error_L.size(), 0.0);
    for (std::size_t l = 0; l < part.layer_error_L.size(); ++l) sum.layer_error_L[l] += scale * part.layer_error_L[l];
}

std::vector<double> toVector(const at::Tensor& values_L) {
    const at::Tensor host = values_L.to(at::kDouble).cpu().contiguous();
    return {host.const_data_ptr<double>(), host.const_data_ptr<double>() + host.numel()};
}

}  // namespace

GateStep gateStep(const GateStepInputs& inputs, const std::vector<double>& alpha_L, std::int64_t step) {
    const MorphableModel& model = *inputs.model;
    const double share = 1 / static_cast<double>(inputs.micro_batches);
    GateStep result;
    std::vector<at::Tensor> grads_BL;  // one row a sequence
    for (std::int64_t m = 0; m < inputs.micro_batches; ++m) {
        if (m > 0 && inputs.poll) inputs.poll();
        const Batch batch = inputs.train(step * inputs.micro_batches + m);
        result.tokens += std::int64_t{batch.batch} * batch.tokens;
        const at::Tensor ids_BT = idsTensor(batch, model.weights->embed_VD.device());
        const GateRows rows = gateRows(batch, kGateTextStride, inputs.average);
        const at::Tensor rows_N = indexTensor(rows.answer, ids_BT.device());
        const Rope rope = ropeSlice(*inputs.rope, 0, batch.tokens);
        MorphableTape tape = morphableForward(model, alpha_L, ids_BT, rows_N, rope);
        ObjectiveGradient gradient;
        addScaled(result.value, gateObjective(model, tape, rows, inputs.weights, gradient), share);
        grads_BL.push_back(
            morphableBackward(model, alpha_L, tape, gradient.dpost_rows_ND, gradient.dhidden_BTD, rows_N, rope).cpu() *
            share);
    }
    const at::Tensor grad_NL = at::cat(grads_BL);
    const std::int64_t sequences = grad_NL.size(0);
    result.grad_L = toVector(grad_NL.sum(0));
    result.grad_std_L = sequences > 1 ? toVector(grad_NL.std(0, true) * std::sqrt(static_cast<double>(sequences)))
                                      : std::vector<double>(alpha_L.size(), 0.0);
    return result;
}

std::vector<double> localErrors(const DecoderWeights& weights, const BranchSet& branches, const Batch& batch,
                                bool scale_free) {
    const c10::NoGradGuard no_grad;
    const MorphableModel separable{&weights, &branches, FullSource::Teacher, false};
    const at::Tensor ids_BT = idsTensor(batch, weights.embed_VD.device());
    const GateRows rows = gateRows(batch, kGateTextStride);
    const Rope rope = makeRope(weights.config, batch.tokens, ids_BT.device(), weights.final_norm_D.scalar_type());
    const MorphableTape tape =
        morphableForward(separable, std::vector<double>(static_cast<std::size_t>(weights.config.num_layers), 0.0),
                         ids_BT, indexTensor(rows.answer, ids_BT.device()), rope);
    ObjectiveGradient unused;
    std::vector<double> error_L = gateObjective(separable, tape, rows, {AlignKind::Hidden, 0, 0}, unused).layer_error_L;
    if (!scale_free) return error_L;
    for (std::size_t l = 0; l < error_L.size(); ++l) {
        const at::Tensor weight_N1 = at::tensor(rows.answer_weight, at::kDouble).to(ids_BT.device()).unsqueeze(-1);
        const at::Tensor squares_N1 = tape.teacher_rows_ND[l].square().sum(-1, true, at::kDouble);
        error_L[l] /= std::max(1e-30, (squares_N1 * weight_N1).sum().item<double>());
    }
    return error_L;
}

double startingLambda(const GateStepInputs& inputs, const Batch& batch, int budget) {
    const MorphableModel& model = *inputs.model;
    if (inputs.weights.kind != AlignKind::Kl) {
        const bool scale_free = inputs.weights.kind == AlignKind::ScaleFree;
        const std::vector<double> error_L = localErrors(*model.weights, *model.branches, batch, scale_free);
        return std::max(kSmallestLambda, closedFormLambda(error_L, budget));
    }
    const std::size_t num_layers = static_cast<std::size_t>(model.weights->config.num_layers);
    const at::Tensor ids_BT = idsTensor(batch, model.weights->embed_VD.device());
    const GateRows rows = gateRows(batch, kGateTextStride, inputs.average);
    const MorphableTape tape =
        morphableForward(model, std::vector<double>(num_layers, 0.0), ids_BT, indexTensor(rows.answer, ids_BT.device()),
                         ropeSlice(*inputs.rope, 0, batch.tokens));
    ObjectiveGradient unused;
    const double kl = gateObjective(model, tape, rows, {AlignKind::Kl, 0, 0}, unused).kl;
    return std::max(kSmallestLambda, kl / (4 * static_cast<double>(num_layers)));
}

}  // namespace fm
