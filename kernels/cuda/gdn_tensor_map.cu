#include "kernels/cuda/gdn_tensor_map.h"

#include <cstdint>

namespace fm::kernels::cuda::gdn {
namespace {

using Encode = decltype(&cuTensorMapEncodeTiled);

// The driver's function, found at run time, so that nothing links libcuda.
Encode findEncode() {
    void* function = nullptr;
    cudaDriverEntryPointQueryResult found;
    const cudaError_t error =
        cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &function, 12000, cudaEnableDefault, &found);
    return error == cudaSuccess && found == cudaDriverEntryPointSuccess ? reinterpret_cast<Encode>(function) : nullptr;
}

}  // namespace

cudaError_t describeTensor(const void* tensor_BTHd, int batch, int tokens, int heads, int dim, CUtensorMap& map) {
    static const Encode encode = findEncode();
    if (encode == nullptr) return cudaErrorNotSupported;
    const auto head_bytes = static_cast<std::uint64_t>(dim) * 2;
    const std::uint64_t sizes[4] = {static_cast<std::uint64_t>(dim), static_cast<std::uint64_t>(heads),
                                    static_cast<std::uint64_t>(tokens), static_cast<std::uint64_t>(batch)};
    const std::uint64_t strides[3] = {head_bytes, head_bytes * heads, head_bytes * heads * tokens};
    const std::uint32_t box[4] = {64, 1, 64, 1};
    const std::uint32_t steps[4] = {1, 1, 1, 1};
    const CUresult result = encode(&map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 4, const_cast<void*>(tensor_BTHd), sizes,
                                   strides, box, steps, CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_128B,
                                   CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
    return result == CUDA_SUCCESS ? cudaSuccess : cudaErrorInvalidValue;
}

}  // namespace fm::kernels::cuda::gdn
