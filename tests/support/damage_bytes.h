// Random damage to the bytes of a file, the same for the same generator.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string>

namespace fm::testing {

// One to four changes: a flipped bit, another byte, an end, bytes twice, bytes gone, an edge of integers, a character
// that means something in text. `place(bytes)` says where; bytes are never empty there.
template <class Random, class Place>
void damageBytes(std::string& bytes, Random& random, const Place& place) {
    const int changes = 1 + static_cast<int>(random() % 4);
    for (int i = 0; i < changes && !bytes.empty(); ++i) {
        const std::size_t at = place(bytes);
        switch (random() % 7) {
            case 0:
                bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
                break;
            case 1:
                bytes[at] = static_cast<char>(random());
                break;
            case 2:
                bytes.resize(at);
                break;
            case 3:
                bytes.insert(at, bytes.substr(place(bytes), random() % 64));
                break;
            case 4:
                bytes.erase(at, random() % 16);
                break;
            case 5: {
                const std::uint64_t edges[] = {0, 1, 0x7fffffff, 0xffffffff, 1ull << 32, 1ull << 63, ~0ull, ~7ull};
                const std::uint64_t value = edges[random() % std::size(edges)];
                std::memcpy(bytes.data() + at, &value, std::min<std::size_t>(8, bytes.size() - at));
                break;
            }
            default: {
                constexpr char tokens[] = "{}[],:\"\\-019eE.\n";
                bytes[at] = tokens[random() % (sizeof tokens - 1)];
            }
        }
    }
}

}  // namespace fm::testing
