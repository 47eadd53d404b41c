#include "core/engine/head_loss.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <functional>

#include "core/model/hybrid_model.h"

namespace fm {
namespace {

// `block_loss(rows, first, count)` builds the loss of rows [first, first + count) from leaf rows.
double inBlocks(const DecoderWeights& weights, const at::Tensor& hidden_ND,
                const std::function<at::Tensor(const at::Tensor&, std::int64_t, std::int64_t)>& block_loss) {
    const std::int64_t num_rows = hidden_ND.size(0);
    if (num_rows == 0) return 0;
    // The backward pass keeps temporaries of the logits' size, so half as many rows.
    const std::int64_t block = std::max<std::int64_t>(1, logitRowsAtOnce(weights.config) / 2);
    at::Tensor leaf_ND = hidden_ND.detach().requires_grad_(true);
    at::Tensor total;
    for (std::int64_t first = 0; first < num_rows; first += block) {
        const std::int64_t count = std::min(block, num_rows - first);
        const at::Tensor loss = block_loss(leaf_ND.narrow(0, first, count), first, count);
        loss.backward();
        total = total.defined() ? total + loss.detach() : loss.detach();
    }
    hidden_ND.backward(leaf_ND.grad());
    return total.to(at::kDouble).item<double>();
}

}  // namespace

double crossEntropyBackward(const DecoderWeights& weights, const at::Tensor& hidden_ND, const at::Tensor& labels_N,
                            const at::Tensor& weight_N) {
    return inBlocks(weights, hidden_ND, [&](const at::Tensor& rows_ND, std::int64_t first, std::int64_t count) {
        const at::Tensor log_q = at::log_softmax(logitsFromHidden(weights, rows_ND), -1);
        const at::Tensor nll = -log_q.gather(-1, labels_N.narrow(0, first, count).unsqueeze(-1)).squeeze(-1);
        return (nll * weight_N.narrow(0, first, count)).sum();
    });
}

double distillKlBackward(const DecoderWeights& student, const at::Tensor& student_ND, const DecoderWeights& teacher,
                         const at::Tensor& teacher_ND, const at::Tensor& weight_N) {
    return inBlocks(student, student_ND, [&](const at::Tensor& rows_ND, std::int64_t first, std::int64_t count) {
        at::Tensor log_p;
        {
            const c10::NoGradGuard no_grad;
            log_p = at::log_softmax(logitsFromHidden(teacher, teacher_ND.narrow(0, first, count)), -1);
        }
        const at::Tensor log_q = at::log_softmax(logitsFromHidden(student, rows_ND), -1);
        const at::Tensor kl = (log_p.exp() * (log_p - log_q)).sum(-1);
        return (kl * weight_N.narrow(0, first, count)).sum();
    });
}

}  // namespace fm
