#include "core/engine/tensor_util.h"

#include <ATen/ATen.h>

namespace fm {

at::Tensor indexTensor(const std::vector<std::int64_t>& values, at::Device device) {
    return at::tensor(values, at::TensorOptions().dtype(at::kLong)).to(device);
}

at::Tensor idsTensor(const Batch& batch, at::Device device) {
    const std::vector<std::int64_t> wide(batch.ids_BT.begin(), batch.ids_BT.end());
    return indexTensor(wide, device).view({batch.batch, batch.tokens});
}

}  // namespace fm
