#include "core/formats/byte_level.h"

#include <array>
#include <cstdint>

namespace fm {
namespace {

constexpr int kCharacters = 0x100 + 68;  // the last character used is U+0143

struct Alphabet {
    std::array<std::uint16_t, 256> character_of_byte{};
    std::array<std::int16_t, kCharacters> byte_of_character{};
};

constexpr bool printsAsItself(int byte) {
    return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

constexpr Alphabet makeAlphabet() {
    Alphabet alphabet;
    alphabet.byte_of_character.fill(-1);
    int next = 0x100;
    for (int byte = 0; byte < 256; ++byte) {
        const int character = printsAsItself(byte) ? byte : next++;
        alphabet.character_of_byte[static_cast<std::size_t>(byte)] = static_cast<std::uint16_t>(character);
        alphabet.byte_of_character[static_cast<std::size_t>(character)] = static_cast<std::int16_t>(byte);
    }
    return alphabet;
}

constexpr Alphabet kAlphabet = makeAlphabet();

}  // namespace

std::optional<std::string> bytesOfSpelling(std::string_view spelling) {
    std::string bytes;
    bytes.reserve(spelling.size());
    for (std::size_t i = 0; i < spelling.size(); ++i) {
        // All characters of the alphabet lie below U+0800: one or two bytes of UTF-8.
        unsigned character = static_cast<unsigned char>(spelling[i]);
        if (character >= 0x80) {
            if ((character & 0xE0) != 0xC0 || i + 1 == spelling.size()) return std::nullopt;
            const unsigned low = static_cast<unsigned char>(spelling[++i]);
            if ((low & 0xC0) != 0x80) return std::nullopt;
            character = (character & 0x1F) << 6 | (low & 0x3F);
            if (character < 0x80) return std::nullopt;
        }
        if (character >= kCharacters || kAlphabet.byte_of_character[character] < 0) return std::nullopt;
        bytes.push_back(static_cast<char>(kAlphabet.byte_of_character[character]));
    }
    return bytes;
}

std::string spellingOfBytes(std::string_view bytes) {
    std::string spelling;
    spelling.reserve(bytes.size());
    for (const char byte : bytes) {
        const unsigned character = kAlphabet.character_of_byte[static_cast<unsigned char>(byte)];
        if (character < 0x80) {
            spelling.push_back(static_cast<char>(character));
        } else {
            spelling.push_back(static_cast<char>(0xC0 | character >> 6));
            spelling.push_back(static_cast<char>(0x80 | (character & 0x3F)));
        }
    }
    return spelling;
}

}  // namespace fm
