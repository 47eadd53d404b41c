// What the registrations of our GPU kernels with LibTorch share: which tensors the kernels take, and how they take
// them.
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/library.h>

#include <optional>
#include <tuple>
#include <vector>

namespace fm::kernels::cuda {

using MaybeTensor = std::optional<at::Tensor>;

// The kernels are compiled for sm_90a alone.
inline constexpr const char* kPath = "sm_90";
inline bool isHopper(at::Device device) {
    int major = 0, minor = 0;
    C10_CUDA_CHECK(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device.index()));
    C10_CUDA_CHECK(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device.index()));
    return major == 9 && minor == 0;
}

// float64 is wanted for its digits; the kernels' bf16 operands would lose them.
inline bool takes(const at::Tensor& k_BTHd, const at::Tensor& v_BTHd) {
    constexpr std::int64_t kMostBlocks = 65535;  // of a launch in its second and third direction
    const std::int64_t dim = k_BTHd.size(3);
    return k_BTHd.scalar_type() != at::kDouble && (dim == 64 || dim == 128) && v_BTHd.size(3) == dim &&
           k_BTHd.numel() > 0 && k_BTHd.size(0) <= kMostBlocks && k_BTHd.size(2) <= kMostBlocks &&
           isHopper(k_BTHd.device());
}

inline at::Tensor asBf16(const at::Tensor& x) { return x.to(at::kBFloat16).contiguous(); }
inline at::Tensor asFloat(const at::Tensor& x) { return x.to(at::kFloat).contiguous(); }

inline at::Tensor asFloat(const MaybeTensor& x) { return x ? asFloat(*x) : at::Tensor(); }
inline at::Tensor lengthsOn(at::Device device, const MaybeTensor& lengths_B) {
    return lengths_B ? lengths_B->to(device, at::kInt).contiguous() : at::Tensor();
}

inline at::Tensor bytesOn(at::Device device, std::size_t count) {
    return at::empty({static_cast<std::int64_t>(count)}, at::TensorOptions().device(device).dtype(at::kByte));
}

inline const float* floatsOrNull(const at::Tensor& x) { return x.defined() ? x.const_data_ptr<float>() : nullptr; }

// The chunked form of an operator ("flashmorph::gdn_forward"), for what the kernels do not take.
template <class Function>
class Chunked;
template <class Result, class... Arguments>
class Chunked<Result(Arguments...)> {
public:
    explicit Chunked(const char* name)
        : handle_(c10::Dispatcher::singleton().findSchemaOrThrow(name, "chunked").typed<Result(Arguments...)>()) {}
    Result operator()(Arguments... arguments) const { return handle_.call(arguments...); }

private:
    c10::TypedOperatorHandle<Result(Arguments...)> handle_;
};

}  // namespace fm::kernels::cuda
