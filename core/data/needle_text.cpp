#include "core/data/needle_text.h"

#include <algorithm>
#include <string>

#include "core/formats/tokenizer_utf8.h"

namespace fm {
namespace {

std::int64_t numCharacters(const std::string& bytes) {
    const std::string text = isUtf8(bytes) ? bytes : replaceBrokenUtf8(bytes);
    return std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xC0) != 0x80; });
}

}  // namespace

std::vector<CharacterRange> needleCharacters(const Sample& sample, const Answer& answer, const Tokenizer& tokenizer) {
    std::vector<CharacterRange> ranges;
    std::string bytes;  // of the tokens before `token`
    std::int32_t token = 0;
    const auto bytesBefore = [&](std::int32_t end) {
        for (; token < end; ++token) bytes += tokenizer.tokenBytes(sample.ids[static_cast<std::size_t>(token)]);
        return bytes.size();
    };
    for (const TextPart& part : answer.needle) {
        std::size_t begin = bytesBefore(part.begin) + static_cast<std::size_t>(part.skip);
        const std::size_t end = bytesBefore(part.end) - static_cast<std::size_t>(part.drop);
        if (begin < end && bytes[begin] == ' ') ++begin;
        const std::int64_t before = numCharacters(bytes.substr(0, begin));
        ranges.push_back({before, before + numCharacters(bytes.substr(begin, end - begin))});
    }
    return ranges;
}

}  // namespace fm
