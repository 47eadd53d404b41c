// Matrices that share an input are allocated one after the other, so that one product can serve them all, while each
// stays a tensor of its own.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace fm {

// `rows.size()` contiguous matrices [rows[i], columns] in one allocation. Each is an independent tensor (own
// requires_grad, own version), not a view of another.
std::vector<at::Tensor> allocateStacked(const std::vector<std::int64_t>& rows, std::int64_t columns,
                                        const at::TensorOptions& options);

// The matrices as one, without copying; undefined when they do not lie one after the other, or when one of them wants
// a gradient that the joint view would not carry back.
at::Tensor stackedRows(at::TensorList matrices);

}  // namespace fm
