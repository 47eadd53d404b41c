#include "core/formats/letter_case.h"

#include <utf8proc.h>

#include <algorithm>

namespace fm {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kCapitalDottedI = 0x130, kCombiningDot = 0x307;

}  // namespace

std::u32string codePointsOf(std::string_view text) {
    std::u32string points;
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
    const auto size = static_cast<utf8proc_ssize_t>(text.size());
    for (utf8proc_ssize_t at = 0; at < size;) {
        utf8proc_int32_t point = 0;
        const utf8proc_ssize_t length = utf8proc_iterate(bytes + at, size - at, &point);
        points.push_back(length > 0 ? static_cast<char32_t>(point) : kReplacement);
        at += std::max<utf8proc_ssize_t>(length, 1);
    }
    return points;
}

std::u32string lowerCase(const std::u32string& text) {
    std::u32string lower;
    for (const char32_t point : text) {
        if (point == kCapitalDottedI) {  // the only letter that becomes two
            lower += {U'i', kCombiningDot};
        } else {
            lower += static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(point)));
        }
    }
    return lower;
}

}  // namespace fm
