#include "core/base/hash.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/base/error.h"

namespace fm {

struct Hasher::State {
    XXH3_state_t xxh;
};

Hasher::Hasher() : state_(std::make_unique<State>()) { XXH3_128bits_reset(&state_->xxh); }
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(const void* data, std::size_t bytes) { XXH3_128bits_update(&state_->xxh, data, bytes); }

std::string Hasher::hex() const {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(&state_->xxh));
    std::string text;
    for (unsigned char byte : canonical.digest) {
        constexpr char digits[] = "0123456789abcdef";
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

std::string hashBytes(std::string_view bytes) {
    Hasher hasher;
    hasher.update(bytes.data(), bytes.size());
    return hasher.hex();
}

std::string hashFile(const std::string& path) {
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
    if (!file) throw WorldError(path + ": cannot be opened for reading: " + std::strerror(errno));
    Hasher hasher;
    std::vector<char> buffer(1 << 20);
    while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), file.get()))
        hasher.update(buffer.data(), got);
    if (std::ferror(file.get())) throw WorldError(path + ": reading failed: " + std::strerror(errno));
    return hasher.hex();
}

}  // namespace fm
