#include "core/formats/tokenizer_utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace fm {
namespace {

struct Step {
    std::size_t length = 0;  // bytes of the character or of the broken subpart, >= 1
    enum class Kind { Whole, Broken, Cut } kind = Kind::Broken;
};

std::size_t lengthFromLead(unsigned lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return 2;
    if (lead >= 0xE0 && lead <= 0xEF) return 3;
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

// The second byte's range shuts out overlong forms, surrogates and values above U+10FFFF (Unicode table 3-7).
bool secondFits(unsigned lead, unsigned second) {
    const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    return second >= low && second <= high;
}

Step step(std::string_view bytes) {
    const unsigned lead = static_cast<unsigned char>(bytes[0]);
    const std::size_t length = lengthFromLead(lead);
    if (length == 0) return {1, Step::Kind::Broken};
    for (std::size_t i = 1; i < length; ++i) {
        if (i == bytes.size()) return {i, Step::Kind::Cut};
        const unsigned next = static_cast<unsigned char>(bytes[i]);
        if (i == 1 ? !secondFits(lead, next) : (next & 0xC0) != 0x80) return {i, Step::Kind::Broken};
    }
    return {length, Step::Kind::Whole};
}

}  // namespace

bool isAscii(std::string_view bytes) {
    std::size_t i = 0;
    for (; i + 8 <= bytes.size(); i += 8) {
        std::uint64_t word;
        std::memcpy(&word, bytes.data() + i, 8);
        if ((word & 0x8080808080808080u) != 0) return false;
    }
    return std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(i), bytes.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool isUtf8(std::string_view bytes) {
    while (!bytes.empty()) {
        const Step next = step(bytes);
        if (next.kind != Step::Kind::Whole) return false;
        bytes.remove_prefix(next.length);
    }
    return true;
}

std::string replaceBrokenUtf8(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    while (!bytes.empty()) {
        const Step next = step(bytes);
        if (next.kind == Step::Kind::Whole) {
            out.append(bytes.substr(0, next.length));
        } else {
            out.append("\xEF\xBF\xBD");
        }
        bytes.remove_prefix(next.length);
    }
    return out;
}

std::size_t settledUtf8Length(std::string_view bytes) {
    // A cut character can only begin in the last three bytes.
    const std::size_t from = bytes.size() < 3 ? 0 : bytes.size() - 3;
    for (std::size_t i = from; i < bytes.size(); ++i) {
        if (lengthFromLead(static_cast<unsigned char>(bytes[i])) < 2) continue;
        if (step(bytes.substr(i)).kind == Step::Kind::Cut) return i;
    }
    return bytes.size();
}

}  // namespace fm
