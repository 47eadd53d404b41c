// A named tensor inside a mapped file: where its bytes are and how to read them. No LibTorch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace fm {

enum class DType { F64, F32, F16, BF16, I64, I32, I16, I8, U8, Bool, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q6_K };
const char* toString(DType dtype);
std::size_t blockElements(DType dtype);  // 1 for plain types, 32 or 256 for quantised ones
std::size_t blockBytes(DType dtype);

// `bytes` points into the file's mapping and lives as long as the file object. Shape is row-major, slowest first
// (GGUF's reversed order is already turned round). Alignment of `bytes` is not guaranteed.
struct TensorView {
    std::string name;
    DType dtype = DType::F32;
    std::vector<std::int64_t> shape;
    std::span<const std::byte> bytes;
    std::int64_t elements() const;
};

// Writes view.elements() floats to `out`. Any float or quantised type; integers are refused (FormatError).
void dequantise(const TensorView& view, std::span<float> out);

}  // namespace fm
