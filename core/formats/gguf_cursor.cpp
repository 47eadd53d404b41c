#include "core/formats/gguf_cursor.h"

#include "core/formats/format_error.h"
#include "core/formats/gguf_types.h"

namespace fm {

void GgufCursor::fail(std::size_t at, const std::string& what) const { failFormat(path_, atByte(at), what); }

std::span<const std::byte> GgufCursor::take(std::uint64_t bytes, const char* what) {
    if (bytes > left()) {
        fail(offset_, std::string(what) + " needs " + std::to_string(bytes) + " bytes, but the file has only " +
                          std::to_string(left()) + " left");
    }
    const std::span<const std::byte> taken = file_.subspan(offset_, static_cast<std::size_t>(bytes));
    offset_ += taken.size();
    return taken;
}

std::string_view GgufCursor::text(const char* what) {
    const std::size_t at = offset_;
    const std::uint64_t length = read<std::uint64_t>(what);
    if (length > left()) {
        fail(at, std::string(what) + " claims " + std::to_string(length) + " bytes, but the file has only " +
                     std::to_string(left()) + " left");
    }
    const std::span<const std::byte> bytes = take(length, what);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

GgufType GgufCursor::type(std::string_view key) {
    const std::size_t at = offset_;
    const std::uint32_t id = read<std::uint32_t>("a value type");
    if (id > static_cast<std::uint32_t>(GgufType::F64)) {
        fail(at, "key " + quoted(key) + " has the unknown value type " + std::to_string(id));
    }
    return static_cast<GgufType>(id);
}

bool GgufCursor::boolean(std::string_view key) {
    const std::size_t at = offset_;
    const std::uint8_t byte = read<std::uint8_t>("a bool");
    if (byte > 1) fail(at, "key " + quoted(key) + " has a bool that is neither 0 nor 1");
    return byte == 1;
}

GgufValue GgufCursor::value(GgufType type, std::string_view key) {
    switch (type) {
        case GgufType::U8:
            return std::int64_t{read<std::uint8_t>("a value")};
        case GgufType::I8:
            return std::int64_t{read<std::int8_t>("a value")};
        case GgufType::U16:
            return std::int64_t{read<std::uint16_t>("a value")};
        case GgufType::I16:
            return std::int64_t{read<std::int16_t>("a value")};
        case GgufType::U32:
            return std::int64_t{read<std::uint32_t>("a value")};
        case GgufType::I32:
            return std::int64_t{read<std::int32_t>("a value")};
        case GgufType::I64:
            return read<std::int64_t>("a value");
        case GgufType::U64:
            return read<std::uint64_t>("a value");
        case GgufType::F32:
            return read<float>("a value");
        case GgufType::F64:
            return read<double>("a value");
        case GgufType::Bool:
            return boolean(key);
        case GgufType::String:
            return text("a string value");
        case GgufType::Array:
            break;
    }
    return array(key);
}

GgufValue GgufCursor::array(std::string_view key) {
    GgufArray array;
    const std::size_t at = offset_;
    array.element = type(key);
    if (array.element == GgufType::Array)
        fail(at, "key " + quoted(key) + " is an array of arrays, which no model uses");
    const std::uint64_t count = read<std::uint64_t>("an array length");
    const std::size_t begin = offset_;
    const std::uint64_t smallest = ggufTypeBytes(array.element);
    if (count > left() / smallest) {
        fail(begin, "key " + quoted(key) + " claims " + std::to_string(count) + " elements, but only " +
                        std::to_string(left()) + " bytes are left");
    }
    array.count = static_cast<std::size_t>(count);
    if (array.element == GgufType::String) {
        for (std::uint64_t i = 0; i < count; ++i) text("a string in an array");
    } else if (array.element == GgufType::Bool) {
        for (std::uint64_t i = 0; i < count; ++i) boolean(key);
    } else {
        take(count * smallest, "an array");
    }
    array.bytes = file_.subspan(begin, offset_ - begin);
    return array;
}

}  // namespace fm
