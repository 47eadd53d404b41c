#include "core/ops/stacked_rows.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <numeric>

namespace fm {

std::vector<at::Tensor> allocateStacked(const std::vector<std::int64_t>& rows, std::int64_t columns,
                                        const at::TensorOptions& options) {
    const std::int64_t total = std::accumulate(rows.begin(), rows.end(), std::int64_t{0});
    const at::Tensor block = at::empty({total, columns}, options);
    std::vector<at::Tensor> parts;
    std::int64_t offset = 0;
    for (const std::int64_t count : rows) {
        const std::int64_t shape[] = {count, columns};
        const std::int64_t strides[] = {columns, 1};
        at::Tensor part = at::empty({0}, options);
        part.set_(block.storage(), offset, shape, strides);
        parts.push_back(part);
        offset += count * columns;
    }
    return parts;
}

at::Tensor stackedRows(at::TensorList matrices) {
    const at::Tensor& first = matrices.front();
    const bool grad = c10::GradMode::is_enabled();
    std::int64_t rows = 0;
    for (const at::Tensor& part : matrices) {
        const std::int64_t expected = first.storage_offset() + rows * first.size(1);
        const bool follows = part.is_alias_of(first) && part.storage_offset() == expected && part.is_contiguous() &&
                             part.size(1) == first.size(1) && part.scalar_type() == first.scalar_type();
        if (!follows || (grad && part.requires_grad())) return {};
        rows += part.size(0);
    }
    return first.detach().as_strided({rows, first.size(1)}, {first.size(1), 1}, first.storage_offset());
}

}  // namespace fm
