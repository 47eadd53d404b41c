#include "core/engine/loss_rows.h"

#include <ATen/ATen.h>

#include "core/engine/tensor_util.h"

namespace fm {

LossRows lossRows(const Batch& batch, at::Device device,
                  const std::function<LossShares(double answers, double others)>& shares) {
    std::vector<std::int64_t> rows, labels;
    std::vector<float> weight;
    double answers = 0;
    for (std::int64_t i = 0; i + 1 < std::int64_t{batch.batch} * batch.tokens; ++i) {
        const std::size_t next = static_cast<std::size_t>(i) + 1;
        if ((i + 1) % batch.tokens == 0 || batch.valid_BT[next] == 0) continue;
        rows.push_back(i);
        labels.push_back(batch.ids_BT[next]);
        weight.push_back(batch.answer_BT[next] != 0 ? 1.0f : 0.0f);
        answers += weight.back();
    }
    const double others = static_cast<double>(rows.size()) - answers;
    const LossShares share = shares(answers, others);
    for (float& w : weight) w = static_cast<float>(w != 0 ? share.answers / answers : share.others / others);
    return {indexTensor(rows, device), indexTensor(labels, device), at::tensor(weight).to(device)};
}

}  // namespace fm
