#include "core/data/scoring.h"

#include <utf8proc.h>

#include <algorithm>

namespace fm {
namespace {

using CodePoints = std::u32string;

constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kCapitalDottedI = 0x130, kCombiningDot = 0x307;

CodePoints codePoints(const std::string& text) {
    CodePoints points;
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

CodePoints loweredText(const CodePoints& text) {
    CodePoints lower;
    for (const char32_t point : text) {
        if (point == kCapitalDottedI) {  // the only letter that becomes two
            lower += {U'i', kCombiningDot};
        } else {
            lower += static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(point)));
        }
    }
    return lower;
}

// Python's str.isspace().
bool isSpace(char32_t point) {
    return (point >= 0x09 && point <= 0x0D) || (point >= 0x1C && point <= 0x20) || point == 0x85 || point == 0xA0 ||
           point == 0x1680 || (point >= 0x2000 && point <= 0x200A) || point == 0x2028 || point == 0x2029 ||
           point == 0x202F || point == 0x205F || point == 0x3000;
}

CodePoints strippedText(const CodePoints& text) {
    const auto begin = std::find_if_not(text.begin(), text.end(), isSpace);
    const auto end = std::find_if_not(text.rbegin(), std::make_reverse_iterator(begin), isSpace).base();
    return {begin, end};
}

// Stripped twice, as RULER does: a control character at an end becomes white space only in between.
CodePoints cleanedPrediction(const std::string& prediction) {
    CodePoints text = strippedText(codePoints(prediction));
    for (char32_t& point : text)
        if (point < 0x20) point = U'\n';
    return loweredText(strippedText(text));
}

}  // namespace

double stringMatchAll(const std::string& prediction, const std::vector<std::string>& references) {
    if (references.empty()) return 0;
    const CodePoints text = cleanedPrediction(prediction);
    const auto contained = std::count_if(references.begin(), references.end(), [&](const std::string& reference) {
        return text.find(loweredText(codePoints(reference))) != CodePoints::npos;
    });
    return static_cast<double>(contained) / static_cast<double>(references.size());
}

}  // namespace fm
