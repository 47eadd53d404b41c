// Between plain token values and tensors.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "core/data/sample.h"

namespace fm {

at::Tensor idsTensor(const Batch& batch, at::Device device);                         // int64 [B, T]
at::Tensor indexTensor(const std::vector<std::int64_t>& values, at::Device device);  // int64 [N]

}  // namespace fm
