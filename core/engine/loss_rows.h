// Which positions of a batch a training loss looks at, and how much each counts.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

#include "core/data/sample.h"

namespace fm {

// Rows that predict a valid token, as indices into B x T.
struct LossRows {
    at::Tensor rows_N, labels_N, weight_N;
};

// What the weights of the rows that predict answer tokens, and of all others, sum to. Equal within each kind.
struct LossShares {
    double answers = 0;
    double others = 0;
};

// `shares` is asked with how many rows of either kind there are.
LossRows lossRows(const Batch& batch, at::Device device,
                  const std::function<LossShares(double answers, double others)>& shares);

}  // namespace fm
