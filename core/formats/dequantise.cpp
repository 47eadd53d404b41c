// The block layouts are ggml's. Each value is computed with the operations and in the order of the `gguf` package, in
// float, so that results agree bit for bit; the build switches off fused multiply-add for this file.
#include <string>

#include "core/base/assert.h"
#include "core/base/error.h"
#include "core/formats/byte_load.h"
#include "core/formats/half_float.h"
#include "core/formats/tensor_view.h"

namespace fm {
namespace {

float loadHalf(const std::byte* at) { return halfToFloat(loadAs<std::uint16_t>(at)); }
int lowNibble(std::byte b) { return std::to_integer<int>(b) & 15; }
int highNibble(std::byte b) { return std::to_integer<int>(b) >> 4; }

// Byte j of a 4- or 5-bit block holds weight j in its low half and weight j + 16 in its high half.
void blockQ4_0(const std::byte* block, float* out) {
    const float d = loadHalf(block);
    const std::byte* qs = block + 2;
    for (int j = 0; j < 16; ++j) {
        out[j] = d * static_cast<float>(lowNibble(qs[j]) - 8);
        out[j + 16] = d * static_cast<float>(highNibble(qs[j]) - 8);
    }
}

void blockQ4_1(const std::byte* block, float* out) {
    const float d = loadHalf(block);
    const float m = loadHalf(block + 2);
    const std::byte* qs = block + 4;
    for (int j = 0; j < 16; ++j) {
        out[j] = d * static_cast<float>(lowNibble(qs[j])) + m;
        out[j + 16] = d * static_cast<float>(highNibble(qs[j])) + m;
    }
}

// Bit j of `high` is the fifth bit of weight j.
int fifthBit(std::uint32_t high, int j) { return static_cast<int>(high >> j & 1u) << 4; }

void blockQ5_0(const std::byte* block, float* out) {
    const float d = loadHalf(block);
    const std::uint32_t high = loadAs<std::uint32_t>(block + 2);
    const std::byte* qs = block + 6;
    for (int j = 0; j < 16; ++j) {
        out[j] = d * static_cast<float>((lowNibble(qs[j]) | fifthBit(high, j)) - 16);
        out[j + 16] = d * static_cast<float>((highNibble(qs[j]) | fifthBit(high, j + 16)) - 16);
    }
}

void blockQ5_1(const std::byte* block, float* out) {
    const float d = loadHalf(block);
    const float m = loadHalf(block + 2);
    const std::uint32_t high = loadAs<std::uint32_t>(block + 4);
    const std::byte* qs = block + 8;
    for (int j = 0; j < 16; ++j) {
        out[j] = d * static_cast<float>(lowNibble(qs[j]) | fifthBit(high, j)) + m;
        out[j + 16] = d * static_cast<float>(highNibble(qs[j]) | fifthBit(high, j + 16)) + m;
    }
}

void blockQ8_0(const std::byte* block, float* out) {
    const float d = loadHalf(block);
    for (int j = 0; j < 32; ++j) out[j] = d * static_cast<float>(loadAs<std::int8_t>(block + 2 + j));
}

// 256 weights in two halves of 128; each half is four runs of 32 that share 32 bytes of upper bit pairs.
void blockQ6_K(const std::byte* block, float* out) {
    const float d = loadHalf(block + 208);
    for (int half = 0; half < 2; ++half) {
        const std::byte* ql = block + 64 * half;
        const std::byte* qh = block + 128 + 32 * half;
        const std::byte* scales = block + 192 + 8 * half;
        for (int run = 0; run < 4; ++run) {
            for (int l = 0; l < 32; ++l) {
                const std::byte low_byte = ql[l + 32 * (run & 1)];
                const int low = run < 2 ? lowNibble(low_byte) : highNibble(low_byte);
                const int high = std::to_integer<int>(qh[l]) >> (2 * run) & 3;
                const float scale = d * static_cast<float>(loadAs<std::int8_t>(scales + 2 * run + l / 16));
                out[128 * half + 32 * run + l] = scale * static_cast<float>((low | high << 4) - 32);
            }
        }
    }
}

template <class Convert>
void eachBlock(const TensorView& view, std::span<float> out, Convert&& convert) {
    const std::size_t block_bytes = blockBytes(view.dtype);
    const std::size_t block_elements = blockElements(view.dtype);
    const std::byte* from = view.bytes.data();
    float* to = out.data();
    for (std::size_t left = out.size(); left > 0; left -= block_elements) {
        convert(from, to);
        from += block_bytes;
        to += block_elements;
    }
}

}  // namespace

void dequantise(const TensorView& view, std::span<float> out) {
    FM_ASSERT(out.size() == static_cast<std::size_t>(view.elements()), "the output has one place for each element");
    FM_ASSERT(view.bytes.size() * blockElements(view.dtype) == out.size() * blockBytes(view.dtype),
              "the bytes are those of whole blocks");
    switch (view.dtype) {
        case DType::F32:
            if (!out.empty()) std::memcpy(out.data(), view.bytes.data(), out.size_bytes());
            return;
        case DType::F64:
            return eachBlock(view, out,
                             [](const std::byte* at, float* to) { *to = static_cast<float>(loadAs<double>(at)); });
        case DType::F16:
            return eachBlock(view, out, [](const std::byte* at, float* to) { *to = loadHalf(at); });
        case DType::BF16:
            return eachBlock(view, out,
                             [](const std::byte* at, float* to) { *to = bfloatToFloat(loadAs<std::uint16_t>(at)); });
        case DType::Q4_0:
            return eachBlock(view, out, blockQ4_0);
        case DType::Q4_1:
            return eachBlock(view, out, blockQ4_1);
        case DType::Q5_0:
            return eachBlock(view, out, blockQ5_0);
        case DType::Q5_1:
            return eachBlock(view, out, blockQ5_1);
        case DType::Q8_0:
            return eachBlock(view, out, blockQ8_0);
        case DType::Q6_K:
            return eachBlock(view, out, blockQ6_K);
        case DType::I64:
        case DType::I32:
        case DType::I16:
        case DType::I8:
        case DType::U8:
        case DType::Bool:
            break;
    }
    throw FormatError("tensor " + view.name + ": its type " + toString(view.dtype) +
                      " holds integers, but weights must be a float or quantised type");
}

}  // namespace fm
