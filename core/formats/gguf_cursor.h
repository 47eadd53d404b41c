// Reads a GGUF file front to back; every read is checked against what is left of the file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/formats/byte_load.h"
#include "core/formats/gguf.h"

namespace fm {

class GgufCursor {
public:
    GgufCursor(const std::string& path, std::span<const std::byte> file) : path_(path), file_(file) {}

    std::size_t offset() const { return offset_; }
    std::size_t left() const { return file_.size() - offset_; }

    // `what` names the part in the FormatError that a short file gives.
    template <class T>
    T read(const char* what) {
        return loadAs<T>(take(sizeof(T), what).data());
    }
    std::span<const std::byte> take(std::uint64_t bytes, const char* what);
    std::string_view text(const char* what);  // u64 length + bytes, in the mapping

    // A value of this type; an array stays in the mapping after a walk over it.
    GgufValue value(GgufType type, std::string_view key);
    GgufType type(std::string_view key);

    [[noreturn]] void fail(std::size_t at, const std::string& what) const;

private:
    GgufValue array(std::string_view key);
    bool boolean(std::string_view key);

    const std::string& path_;
    std::span<const std::byte> file_;
    std::size_t offset_ = 0;
};

}  // namespace fm
