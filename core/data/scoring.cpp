#include "core/data/scoring.h"

#include <algorithm>
#include <iterator>

#include "core/formats/letter_case.h"

namespace fm {
namespace {

// Python's str.isspace().
bool isSpace(char32_t point) {
    return (point >= 0x09 && point <= 0x0D) || (point >= 0x1C && point <= 0x20) || point == 0x85 || point == 0xA0 ||
           point == 0x1680 || (point >= 0x2000 && point <= 0x200A) || point == 0x2028 || point == 0x2029 ||
           point == 0x202F || point == 0x205F || point == 0x3000;
}

std::u32string stripped(const std::u32string& text) {
    const auto begin = std::find_if_not(text.begin(), text.end(), isSpace);
    const auto end = std::find_if_not(text.rbegin(), std::make_reverse_iterator(begin), isSpace).base();
    return {begin, end};
}

// Stripped twice, as RULER does: a control character at an end becomes white space only in between.
std::u32string cleanedPrediction(const std::string& prediction) {
    std::u32string text = stripped(codePointsOf(prediction));
    for (char32_t& point : text)
        if (point < 0x20) point = U'\n';
    return lowerCase(stripped(text));
}

}  // namespace

double stringMatchAll(const std::string& prediction, const std::vector<std::string>& references) {
    if (references.empty()) return 0;
    const std::u32string text = cleanedPrediction(prediction);
    const auto contained = std::count_if(references.begin(), references.end(), [&](const std::string& reference) {
        return text.find(lowerCase(codePointsOf(reference))) != std::u32string::npos;
    });
    return static_cast<double>(contained) / static_cast<double>(references.size());
}

}  // namespace fm
