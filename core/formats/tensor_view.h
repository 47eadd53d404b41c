// A named tensor inside a mapped file: where its bytes are and how to read them. No LibTorch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace fm {

enum class DType { F64, F32, F16, BF16, I64, I32, I16, I8, U8, Bool, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q6_K };
const char* toString(DType dtype);       // "F32", "BOOL", "Q4_1": the file formats' own spelling
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

// Bytes that a tensor of this type and shape takes. nullopt for a negative dimension, a product beyond 63 bits, or
// rows (the last dimension) that are no whole number of blocks.
std::optional<std::uint64_t> checkedBytes(DType dtype, std::span<const std::int64_t> shape);

// Writes view.elements() floats to `out` (whose size must be that). Any float or quantised type; integers are refused
// (FormatError). F64 is rounded to nearest; everything else is exact, bit for bit what the `gguf` package gives.
void dequantise(const TensorView& view, std::span<float> out);

}  // namespace fm
