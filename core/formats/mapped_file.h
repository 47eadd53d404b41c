// A file mapped read-only into memory.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace fm {

// Immutable; may be read from several threads. The mapping follows the file: whoever shortens a file while it is
// mapped makes reads beyond its new end fault (SIGBUS). Replacing it by rename, as our writers do, is safe.
class MappedFile {
public:
    // Throws WorldError when `path` cannot be opened or is not a regular file.
    static std::shared_ptr<const MappedFile> open(const std::string& path);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    const std::string& path() const { return path_; }
    std::span<const std::byte> bytes() const { return bytes_; }
    std::string_view text() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }

private:
    MappedFile(std::string path, std::span<const std::byte> bytes) : path_(std::move(path)), bytes_(bytes) {}

    std::string path_;
    std::span<const std::byte> bytes_;
};

}  // namespace fm
