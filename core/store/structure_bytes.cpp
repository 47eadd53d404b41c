#include "core/store/structure_bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "core/base/atomic_file.h"
#include "core/store/h5.h"

namespace fm::h5 {

void refuse(const std::string& place, const std::string& why) {
    throw Failure(place, 0,
                  why + "; the file is damaged or no run file of this program, so restore it from a copy or remove it");
}

std::string placeOf(std::uint64_t address, const char* what) {
    return "byte " + std::to_string(address) + " (" + what + ")";
}

static std::uint64_t littleEndian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
}

std::uint32_t metadataChecksum(std::string_view bytes) {
    std::uint32_t a = 0xdeadbeefu + static_cast<std::uint32_t>(bytes.size()), b = a, c = a;
    if (bytes.empty()) return c;
    const auto add = [&] {
        std::uint32_t words[3] = {};  // little-endian, as all our machines are
        const std::size_t here = std::min(sizeof words, bytes.size());
        std::memcpy(words, bytes.data(), here);
        a += words[0], b += words[1], c += words[2];
        bytes.remove_prefix(here);
    };
    while (bytes.size() > 12) {
        add();
        a -= c, a ^= std::rotl(c, 4), c += b;
        b -= a, b ^= std::rotl(a, 6), a += c;
        c -= b, c ^= std::rotl(b, 8), b += a;
        a -= c, a ^= std::rotl(c, 16), c += b;
        b -= a, b ^= std::rotl(a, 19), a += c;
        c -= b, c ^= std::rotl(b, 4), b += a;
    }
    add();
    c ^= b, c -= std::rotl(b, 14);
    a ^= c, a -= std::rotl(c, 11);
    b ^= a, b -= std::rotl(a, 25);
    c ^= b, c -= std::rotl(b, 16);
    a ^= c, a -= std::rotl(c, 4);
    b ^= a, b -= std::rotl(a, 14);
    c ^= b, c -= std::rotl(b, 24);
    return c;
}

std::uint64_t Fields::take(std::size_t bytes) { return littleEndian(takeBytes(bytes)); }

std::string_view Fields::takeBytes(std::size_t bytes) {
    require(bytes <= bytes_.size(), "is shorter than what it must hold");
    const std::string_view taken = bytes_.substr(0, bytes);
    bytes_.remove_prefix(bytes);
    return taken;
}

void Fields::expect(std::size_t bytes, std::uint64_t value, const char* name) {
    const std::uint64_t found = take(bytes);
    if (found != value)
        refuse(place_, std::string(name) + " is " + std::to_string(found) + ", not " + std::to_string(value));
}

FileBytes::FileBytes(const std::string& path, bool being_written)
    : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), being_written_(being_written) {
    if (fd_ < 0) throw WorldError(readErrorText(path, "opening", errno));
}

FileBytes::~FileBytes() { ::close(fd_); }

// The size is asked for again only where the file looks too short.
bool FileBytes::isInside(std::uint64_t address, std::uint64_t bytes) const {
    const auto fits = [&] { return bytes <= size_ && address <= size_ - bytes; };
    if (fits()) return true;
    struct stat info {};
    if (::fstat(fd_, &info) == 0) size_ = static_cast<std::uint64_t>(info.st_size);
    return fits();
}

// Structures lie close together: one call into the system is enough for many, unless somebody writes meanwhile.
std::string FileBytes::peek(std::uint64_t address, std::size_t bytes) {
    constexpr std::size_t window_bytes = 8 << 10;
    if (!isInside(address, 0)) return {};
    if (being_written_ || address < window_address_ || address - window_address_ > window_.size() ||
        bytes > window_.size() - (address - window_address_)) {
        window_.resize(being_written_ ? bytes : std::max(bytes, window_bytes));
        const ssize_t got = ::pread(fd_, window_.data(), window_.size(), static_cast<off_t>(address));
        window_.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
        window_address_ = address;
    }
    return window_.substr(address - window_address_, bytes);
}

static bool isSealed(std::string& bytes, Seal seal) {
    const std::uint64_t stored = littleEndian(std::string_view(bytes).substr(seal.at, 4));
    if (!seal.over_whole) return metadataChecksum(std::string_view(bytes).substr(0, seal.at)) == stored;
    bytes.replace(seal.at, 4, 4, '\0');
    return metadataChecksum(bytes) == stored;
}

std::string FileBytes::structure(std::uint64_t address, std::size_t bytes, std::string_view signature, Seal seal) {
    constexpr std::uint64_t most_bytes = 64 << 20;
    const std::string place = "byte " + std::to_string(address) +
                              (signature.size() == 4 ? " (" + std::string(signature) + ")" : std::string());
    if (!isInside(address, bytes)) refuse(place, "reaches beyond the end of the file");
    if (!taken_.insert(address).second) refuse(place, "is used twice");
    taken_bytes_ += bytes;
    if (taken_bytes_ > most_bytes) refuse(place, "has more than 64 MiB of structures before it");
    // Waits 1 us, 2 us, 4 us, ...: 33 ms in all, as the reader lets HDF5 do.
    const int attempts = being_written_ ? 15 : 1;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        if (attempt > 0) std::this_thread::sleep_for(std::chrono::microseconds(1 << attempt));
        std::string found = peek(address, bytes);
        if (found.size() == bytes && found.compare(0, signature.size(), signature) == 0 && isSealed(found, seal))
            return found;
    }
    refuse(place, "has a wrong signature or checksum");
}

void FileBytes::requireData(std::uint64_t address, std::uint64_t bytes, const std::string& place) const {
    constexpr std::uint64_t furthest = std::uint64_t{1} << 56;
    if (isInside(address, bytes)) return;
    if (!being_written_ || address > furthest || bytes > furthest) refuse(place, "has data beyond the end of the file");
}

}  // namespace fm::h5
