// The bytes of an HDF5 file, read without libhdf5: fields, checksums, bounds. Private to core/store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace fm::h5 {

inline constexpr std::uint64_t no_address = ~std::uint64_t{0};

// Throws Failure: `place` says where in the file, `why` what is wrong there; the remedy is added.
[[noreturn]] void refuse(const std::string& place, const std::string& why);

// The checksum of HDF5's metadata (Jenkins' lookup3).
std::uint32_t metadataChecksum(std::string_view bytes);

// Takes the fields of one structure in their order. What is asked of it beyond the end is refused.
class Fields {
public:
    Fields(std::string_view bytes, std::string place) : bytes_(bytes), place_(std::move(place)) {}
    std::uint64_t take(std::size_t bytes);  // little-endian, 1 to 8 bytes
    std::string_view takeBytes(std::size_t bytes);
    void expect(std::size_t bytes, std::uint64_t value, const char* name);  // refuses another value
    void require(bool right, const char* why) const {
        if (!right) refuse(place_, why);
    }
    std::size_t left() const { return bytes_.size(); }
    const std::string& place() const { return place_; }

private:
    std::string_view bytes_;
    std::string place_;
};

// Where a structure keeps its checksum: over all bytes before it, or over the whole with the checksum as zeros.
struct Seal {
    std::size_t at = 0;
    bool over_whole = false;
};

class FileBytes {
public:
    // WorldError when the file cannot be opened. While somebody writes it, a wrong checksum is read again.
    FileBytes(const std::string& path, bool being_written);
    ~FileBytes();
    FileBytes(const FileBytes&) = delete;
    FileBytes& operator=(const FileBytes&) = delete;

    // Up to `bytes` bytes, fewer at the end of the file; nothing is checked.
    std::string peek(std::uint64_t address, std::size_t bytes);

    // One structure. Refused: a part beyond the end of the file, another signature, a wrong checksum, a structure that
    // is used twice (so that no walk is endless), and more than 64 MiB of them.
    std::string structure(std::uint64_t address, std::size_t bytes, std::string_view signature, Seal seal);

    // Of raw data; the file of a running writer may not reach there yet.
    void requireData(std::uint64_t address, std::uint64_t bytes, const std::string& place) const;

private:
    bool isInside(std::uint64_t address, std::uint64_t bytes) const;

    int fd_;
    bool being_written_;
    mutable std::uint64_t size_ = 0;  // when last asked for
    std::string window_;              // what was read last, from window_address_ on
    std::uint64_t window_address_ = 0;
    std::uint64_t taken_bytes_ = 0;
    std::set<std::uint64_t> taken_;
};

std::string placeOf(std::uint64_t address, const char* what);  // "byte 48 (object header)"

}  // namespace fm::h5
