#include "core/formats/tensor_view.h"

#include <array>

namespace fm {
namespace {

struct DTypeInfo {
    const char* name;
    std::size_t block_elements;
    std::size_t block_bytes;
};

// In the order of DType.
constexpr std::array<DTypeInfo, 16> kDTypes = {{{"F64", 1, 8},
                                                {"F32", 1, 4},
                                                {"F16", 1, 2},
                                                {"BF16", 1, 2},
                                                {"I64", 1, 8},
                                                {"I32", 1, 4},
                                                {"I16", 1, 2},
                                                {"I8", 1, 1},
                                                {"U8", 1, 1},
                                                {"BOOL", 1, 1},
                                                {"Q4_0", 32, 18},
                                                {"Q4_1", 32, 20},
                                                {"Q5_0", 32, 22},
                                                {"Q5_1", 32, 24},
                                                {"Q8_0", 32, 34},
                                                {"Q6_K", 256, 210}}};
static_assert(kDTypes.size() == static_cast<std::size_t>(DType::Q6_K) + 1);

const DTypeInfo& infoOf(DType dtype) { return kDTypes[static_cast<std::size_t>(dtype)]; }

}  // namespace

const char* toString(DType dtype) { return infoOf(dtype).name; }
std::size_t blockElements(DType dtype) { return infoOf(dtype).block_elements; }
std::size_t blockBytes(DType dtype) { return infoOf(dtype).block_bytes; }

std::int64_t TensorView::elements() const {
    std::int64_t count = 1;
    for (const std::int64_t dim : shape) count *= dim;
    return count;
}

std::optional<std::uint64_t> checkedBytes(DType dtype, std::span<const std::int64_t> shape) {
    std::uint64_t count = 1;
    for (const std::int64_t dim : shape) {
        if (dim < 0 || __builtin_mul_overflow(count, static_cast<std::uint64_t>(dim), &count)) return std::nullopt;
    }
    // Also the limit that keeps elements() an int64.
    if (count > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
    const std::uint64_t last_dim = shape.empty() ? 1 : static_cast<std::uint64_t>(shape.back());
    if (last_dim % blockElements(dtype) != 0) return std::nullopt;
    std::uint64_t bytes = 0;
    if (__builtin_mul_overflow(count / blockElements(dtype), blockBytes(dtype), &bytes)) return std::nullopt;
    return bytes;
}

}  // namespace fm
