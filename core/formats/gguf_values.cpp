#include <charconv>
#include <limits>

#include "core/base/assert.h"
#include "core/formats/byte_load.h"
#include "core/formats/format_error.h"
#include "core/formats/gguf.h"
#include "core/formats/gguf_types.h"

namespace fm {
namespace {

double shortestDecimal(float value) {
    char text[64];
    const std::to_chars_result written = std::to_chars(text, text + sizeof text, value);
    double decimal = 0;
    std::from_chars(text, written.ptr, decimal);
    return decimal;
}

[[noreturn]] void failType(const std::string& path, std::string_view key, const char* wanted) {
    failFormat(path, "key " + quoted(key), std::string("must be ") + wanted + ", but has another type");
}

}  // namespace

const char* toString(GgufType type) {
    constexpr const char* kNames[] = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                      "bool", "string", "array", "u64", "i64", "f64"};
    return kNames[static_cast<std::size_t>(type)];
}

std::uint64_t ggufTypeBytes(GgufType type) {
    FM_ASSERT(type != GgufType::Array, "an array has no size of its own");
    constexpr std::uint64_t kBytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 8, 0, 8, 8, 8};
    return kBytes[static_cast<std::size_t>(type)];
}

std::int64_t GgufArray::integerAt(std::size_t i) const {
    FM_ASSERT(i < count, "the index is within the array");
    const std::byte* at = bytes.data() + i * ggufTypeBytes(element);
    switch (element) {
        case GgufType::U8:
        case GgufType::Bool:
            return loadAs<std::uint8_t>(at);
        case GgufType::I8:
            return loadAs<std::int8_t>(at);
        case GgufType::U16:
            return loadAs<std::uint16_t>(at);
        case GgufType::I16:
            return loadAs<std::int16_t>(at);
        case GgufType::U32:
            return loadAs<std::uint32_t>(at);
        case GgufType::I32:
            return loadAs<std::int32_t>(at);
        case GgufType::U64:
        case GgufType::I64:
            return loadAs<std::int64_t>(at);
        case GgufType::F32:
        case GgufType::F64:
        case GgufType::String:
        case GgufType::Array:
            break;
    }
    FM_ASSERT(false, "the array holds integers");
    return 0;
}

double GgufArray::numberAt(std::size_t i) const {
    FM_ASSERT(i < count, "the index is within the array");
    if (element == GgufType::F32) return loadAs<float>(bytes.data() + 4 * i);
    if (element == GgufType::F64) return loadAs<double>(bytes.data() + 8 * i);
    return static_cast<double>(integerAt(i));
}

void GgufArray::forEachString(const std::function<void(std::size_t i, std::string_view text)>& use) const {
    FM_ASSERT(element == GgufType::String, "the array holds strings");
    const std::byte* at = bytes.data();
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t length = static_cast<std::size_t>(loadAs<std::uint64_t>(at));
        use(i, {reinterpret_cast<const char*>(at + 8), length});
        at += 8 + length;
    }
}

const GgufValue* GgufFile::value(std::string_view key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? nullptr : &found->second;
}

std::optional<std::int64_t> GgufFile::integer(std::string_view key) const {
    const GgufValue* found = value(key);
    if (found == nullptr) return std::nullopt;
    if (const auto* integer = std::get_if<std::int64_t>(found)) return *integer;
    if (const auto* large = std::get_if<std::uint64_t>(found)) {
        if (*large <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
            return static_cast<std::int64_t>(*large);
        }
    }
    failType(path(), key, "an integer below 2^63");
}

std::optional<double> GgufFile::number(std::string_view key) const {
    const GgufValue* found = value(key);
    if (found == nullptr) return std::nullopt;
    if (const auto* single = std::get_if<float>(found)) return shortestDecimal(*single);
    if (const auto* number = std::get_if<double>(found)) return *number;
    if (const auto* integer = std::get_if<std::int64_t>(found)) return static_cast<double>(*integer);
    if (const auto* large = std::get_if<std::uint64_t>(found)) return static_cast<double>(*large);
    failType(path(), key, "a number");
}

std::optional<bool> GgufFile::boolean(std::string_view key) const {
    const GgufValue* found = value(key);
    if (found == nullptr) return std::nullopt;
    if (const auto* flag = std::get_if<bool>(found)) return *flag;
    failType(path(), key, "a bool");
}

std::optional<std::string_view> GgufFile::text(std::string_view key) const {
    const GgufValue* found = value(key);
    if (found == nullptr) return std::nullopt;
    if (const auto* text = std::get_if<std::string_view>(found)) return *text;
    failType(path(), key, "a string");
}

std::optional<GgufArray> GgufFile::array(std::string_view key) const {
    const GgufValue* found = value(key);
    if (found == nullptr) return std::nullopt;
    if (const auto* array = std::get_if<GgufArray>(found)) return *array;
    failType(path(), key, "an array");
}

std::optional<GgufArray> GgufFile::array(std::string_view key, GgufType element) const {
    const std::optional<GgufArray> found = array(key);
    if (found && found->element != element) {
        failFormat(
            path(), "key " + quoted(key),
            std::string("must be an array of ") + toString(element) + ", but is one of " + toString(found->element));
    }
    return found;
}

}  // namespace fm
