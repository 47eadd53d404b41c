// Content hashes: XXH3, 128 bits, as 32 lower-case hex digits (what `xxhsum -H2` prints). Not cryptographic: it tells
// files apart, it does not prove where they come from.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace fm {

// Feed in pieces of any size; the result depends only on the concatenation. Thread: one at a time.
class Hasher {
public:
    Hasher();
    ~Hasher();
    Hasher(Hasher&&) noexcept;
    Hasher& operator=(Hasher&&) noexcept;

    void update(const void* data, std::size_t bytes);
    std::string hex() const;  // of everything so far; more may follow

private:
    struct State;
    std::unique_ptr<State> state_;
};

std::string hashBytes(std::string_view bytes);
std::string hashFile(const std::string& path);  // WorldError when it cannot be read

}  // namespace fm
