#include "core/engine/gate_objective.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <numeric>

#include "core/base/assert.h"
#include "core/base/error.h"
#include "core/engine/tensor_util.h"
#include "core/model/hybrid_model.h"

namespace fm {
namespace {

double scalar(const at::Tensor& value) { return value.to(at::kDouble).item<double>(); }

// [N, 1] in the type of `like_ND`.
at::Tensor weightColumn(const std::vector<double>& weight_N, const at::Tensor& like_ND) {
    return at::tensor(weight_N, at::kDouble).to(like_ND.device(), like_ND.scalar_type()).unsqueeze(-1);
}

// sum over rows of weight * ||row||^2
double weightedSquares(const at::Tensor& rows_ND, const at::Tensor& weight_N1) {
    return scalar((rows_ND.square().sum(-1, true, at::kDouble) * weight_N1.to(at::kDouble)).sum());
}

// Squared error of every layer at the answer rows; adds its gradient.
void hiddenTerm(const MorphableTape& tape, const GateRows& rows, bool scale_free, double weight, ObjectiveValue& value,
                ObjectiveGradient& gradient) {
    const std::int64_t num_layers = static_cast<std::int64_t>(tape.mixed_rows_ND.size());
    double term = 0;
    for (std::int64_t l = 0; l < num_layers; ++l) {
        const at::Tensor difference_ND = tape.mixed_rows_ND[l] - tape.teacher_rows_ND[l];
        const at::Tensor weight_N1 = weightColumn(rows.answer_weight, difference_ND);
        const double error = weightedSquares(difference_ND, weight_N1);
        value.layer_error_L[l] = error;
        double scale = 1;
        if (scale_free) scale = 1 / std::max(weightedSquares(tape.teacher_rows_ND[l], weight_N1), 1e-30);
        term += error * scale / static_cast<double>(num_layers);
        if (weight != 0) {
            const at::Tensor grad_ND =
                difference_ND * weight_N1 * (2 * weight * scale / static_cast<double>(num_layers));
            at::Tensor& sum_ND = gradient.dpost_rows_ND[l];
            sum_ND = sum_ND.defined() ? sum_ND + grad_ND : grad_ND;
        }
    }
    value.hidden = term;
    value.total += weight * term;
}

double klTerm(const MorphableModel& model, const MorphableTape& tape, const std::vector<std::int64_t>& rows,
              const std::vector<double>& weight_N, double weight, ObjectiveGradient& gradient) {
    const at::Tensor& mixed_BTD = tape.mixed_hidden_BTD;
    const std::int64_t width = mixed_BTD.size(-1);
    const at::Tensor rows_N = indexTensor(rows, mixed_BTD.device());
    at::Tensor dstudent_ND;
    const double kl = meanKlFromHidden(
        *model.weights, tape.teacher_hidden_BTD.view({-1, width}).index_select(0, rows_N),
        mixed_BTD.view({-1, width}).index_select(0, rows_N), weight_N, weight != 0 ? &dstudent_ND : nullptr);
    if (weight != 0) {
        if (!gradient.dhidden_BTD.defined()) gradient.dhidden_BTD = at::zeros_like(mixed_BTD);
        gradient.dhidden_BTD.view({-1, width}).index_add_(0, rows_N, dstudent_ND * weight);
    }
    return kl;
}

}  // namespace

const char* toString(AlignKind kind) {
    switch (kind) {
        case AlignKind::Hidden:
            return "hidden";
        case AlignKind::ScaleFree:
            return "scale_free";
        case AlignKind::Kl:
            return "kl";
    }
    return "";
}

AlignKind alignKindFromString(const std::string& text) {
    for (const AlignKind kind : {AlignKind::Hidden, AlignKind::ScaleFree, AlignKind::Kl}) {
        if (text == toString(kind)) return kind;
    }
    throw InputError(Problem{"objective", text, "hidden, scale_free or kl"});
}

const char* toString(RowAverage average) { return average == RowAverage::Rows ? "rows" : "sequences"; }

RowAverage rowAverageFromString(const std::string& text) {
    for (const RowAverage average : {RowAverage::Sequences, RowAverage::Rows}) {
        if (text == toString(average)) return average;
    }
    throw InputError(Problem{"row_average", text, "sequences or rows"});
}

GateRows gateRows(const Batch& batch, std::int64_t text_stride, RowAverage average) {
    GateRows rows;
    const auto close = [average](std::vector<double>& weights, std::size_t num_rows) {
        const std::size_t own = num_rows - weights.size();  // rows of the sequence that ends here
        const double weight =
            average == RowAverage::Rows ? 1.0 : 1.0 / static_cast<double>(std::max<std::size_t>(1, own));
        weights.resize(num_rows, weight);
    };
    for (std::int64_t b = 0; b < batch.batch; ++b) {
        const bool text = batch.samples[b].answers.empty();
        const std::int64_t first = b * batch.tokens;
        for (std::int64_t t = 0; t + 1 < batch.tokens; ++t) {
            if (text && batch.valid_BT[first + t + 1] != 0 && t % text_stride == text_stride - 1) {
                rows.text.push_back(first + t);
            }
            if (batch.answer_BT[first + t + 1] != 0) rows.answer.push_back(first + t);
        }
        close(rows.answer_weight, rows.answer.size());
        close(rows.text_weight, rows.text.size());
    }
    for (std::vector<double>* weights : {&rows.answer_weight, &rows.text_weight}) {
        const double sum = std::accumulate(weights->begin(), weights->end(), 0.0);
        for (double& weight : *weights) weight /= sum;
    }
    return rows;
}

double meanKlFromHidden(const DecoderWeights& weights, const at::Tensor& teacher_ND, const at::Tensor& student_ND,
                        const std::vector<double>& weight_N, at::Tensor* dstudent_ND) {
    const std::int64_t num_rows = student_ND.size(0);
    FM_ASSERT(static_cast<std::int64_t>(weight_N.size()) == num_rows, "there is one weight a row");
    const std::int64_t block = logitRowsAtOnce(weights.config);
    const double eps = weights.config.rms_norm_eps;
    if (dstudent_ND != nullptr) *dstudent_ND = at::empty_like(student_ND);
    double sum = 0;
    for (std::int64_t first = 0; first < num_rows; first += block) {
        const std::int64_t count = std::min(block, num_rows - first);
        const at::Tensor student = student_ND.narrow(0, first, count);
        const at::Tensor log_p = at::log_softmax(logitsFromHidden(weights, teacher_ND.narrow(0, first, count)), -1);
        const at::Tensor log_q = at::log_softmax(logitsFromHidden(weights, student), -1);
        const at::Tensor p = log_p.exp();
        const std::vector<double> part(weight_N.begin() + first, weight_N.begin() + first + count);
        const at::Tensor weight_N1 = weightColumn(part, log_p);
        sum += scalar(((p * (log_p - log_q)).sum(-1, true) * weight_N1).sum());
        if (dstudent_ND != nullptr) {
            // d KL(p || softmax(z)) / dz = softmax(z) - p
            const at::Tensor dlogits = (log_q.exp() - p) * weight_N1;
            const at::Tensor dnormed = linearBackward(dlogits, weights.head_VD).to(student.scalar_type());
            dstudent_ND->narrow(0, first, count).copy_(rmsNormBackward(dnormed, student, weights.final_norm_D, eps));
        }
    }
    return sum;
}

ObjectiveValue gateObjective(const MorphableModel& model, const MorphableTape& tape, const GateRows& rows,
                             const ObjectiveWeights& weights, ObjectiveGradient& gradient) {
    const c10::NoGradGuard no_grad;
    ObjectiveValue value;
    value.layer_error_L.assign(tape.mixed_rows_ND.size(), 0.0);
    gradient.dpost_rows_ND.assign(tape.mixed_rows_ND.size(), at::Tensor());
    gradient.dhidden_BTD = at::Tensor();
    if (!rows.answer.empty()) {
        const bool hidden_only = weights.kind != AlignKind::Kl;
        const double hidden_weight = hidden_only ? 1.0 : weights.scale_free;
        if (hidden_weight != 0) {
            hiddenTerm(tape, rows, weights.kind != AlignKind::Hidden, hidden_weight, value, gradient);
        }
        if (!hidden_only) {
            value.kl = klTerm(model, tape, rows.answer, rows.answer_weight, 1.0, gradient);
            value.total += value.kl;
        }
    }
    if (weights.text_kl != 0 && !rows.text.empty()) {
        value.text_kl = klTerm(model, tape, rows.text, rows.text_weight, weights.text_kl, gradient);
        value.total += weights.text_kl * value.text_kl;
    }
    return value;
}

}  // namespace fm
