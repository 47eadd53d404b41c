#include "core/base/utf8.h"

#include <algorithm>

namespace fm {

static unsigned byteAt(std::string_view text, std::size_t i) { return static_cast<unsigned char>(text[i]); }
static bool isContinuation(unsigned byte) { return (byte & 0xc0u) == 0x80u; }

// Length of the valid sequence that starts at `at`, 0 when there is none (Unicode 15, table 3-7).
static std::size_t sequenceLength(std::string_view text, std::size_t at) {
    const unsigned first = byteAt(text, at);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || at + length > text.size()) return 0;
    const unsigned second = byteAt(text, at + 1);
    unsigned low = 0x80;
    unsigned high = 0xbf;
    if (first == 0xe0) low = 0xa0;   // overlong
    if (first == 0xed) high = 0x9f;  // surrogates
    if (first == 0xf0) low = 0x90;   // overlong
    if (first == 0xf4) high = 0x8f;  // beyond U+10FFFF
    if (second < low || second > high) return 0;
    for (std::size_t i = 2; i < length; ++i)
        if (!isContinuation(byteAt(text, at + i))) return 0;
    return length;
}

void replaceInvalidUtf8(std::string& text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = sequenceLength(text, at);
        if (length == 0) text[at] = '?';
        at += std::max<std::size_t>(length, 1);
    }
}

bool isPlainText(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = sequenceLength(text, at);
        if (length == 0 || text[at] == '\0') return false;
        at += length;
    }
    return true;
}

std::size_t utf8PrefixLength(std::string_view text, std::size_t bytes) {
    if (text.size() <= bytes) return text.size();
    std::size_t cut = bytes;
    while (cut > 0 && bytes - cut < 3 && isContinuation(byteAt(text, cut))) --cut;
    return isContinuation(byteAt(text, cut)) ? bytes : cut;
}

}  // namespace fm
