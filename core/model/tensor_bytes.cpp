#include "core/model/tensor_bytes.h"

#include <ATen/ATen.h>

#include <cstring>
#include <utility>

#include "core/base/assert.h"
#include "core/base/error.h"

namespace fm {

namespace {

constexpr std::pair<DType, at::ScalarType> kPairs[] = {
    {DType::F64, at::kDouble}, {DType::F32, at::kFloat}, {DType::F16, at::kHalf},  {DType::BF16, at::kBFloat16},
    {DType::I64, at::kLong},   {DType::I32, at::kInt},   {DType::I16, at::kShort}, {DType::I8, at::kChar},
    {DType::U8, at::kByte},    {DType::Bool, at::kBool},
};

}  // namespace

TensorToWrite describeTensor(const std::string& name, const at::Tensor& tensor) {
    FM_ASSERT(tensor.device().is_cpu() && tensor.is_contiguous(),
              "a tensor to be written lies contiguous in the CPU's memory");
    for (const auto& [file_type, scalar_type] : kPairs)
        if (scalar_type == tensor.scalar_type())
            return {name, file_type, tensor.sizes().vec(), tensor.const_data_ptr()};
    throw WorldError("cannot store tensor " + name + " of type " + at::toString(tensor.scalar_type()));
}

at::Tensor tensorFromView(const TensorView& view, const std::string& path) {
    for (const auto& [file_type, scalar_type] : kPairs) {
        if (file_type != view.dtype) continue;
        at::Tensor tensor = at::empty(view.shape, scalar_type);
        if (tensor.nbytes() != view.bytes.size())
            throw FormatError(path + ": " + view.name + ": holds " + std::to_string(view.bytes.size()) +
                              " bytes where its shape needs " + std::to_string(tensor.nbytes()));
        if (!view.bytes.empty()) std::memcpy(tensor.mutable_data_ptr(), view.bytes.data(), view.bytes.size());
        return tensor;
    }
    throw FormatError(path + ": " + view.name + ": type " + toString(view.dtype) + " is not a plain number type");
}

}  // namespace fm
