#include "core/data/haystack.h"

namespace fm {
namespace {

constexpr const char* kWhite = " \t\r\n\f\v";

bool endsSentence(const std::string& word) {
    const std::size_t last = word.find_last_not_of("\"')]}");
    return last != std::string::npos && (word[last] == '.' || word[last] == '!' || word[last] == '?');
}

bool beginsLower(const std::string& word) { return !word.empty() && word[0] >= 'a' && word[0] <= 'z'; }

}  // namespace

std::string corpusText(const TaskResources& resources, std::int32_t tokens, bool anywhere, Rng& rng) {
    const std::span<const TokenId> all = resources.corpus->tokens(resources.part);
    const bool seeded = anywhere || resources.vary_haystack;
    std::size_t at = seeded ? rng.below(all.size()) : 0;
    std::string text;
    std::vector<TokenId> ids;
    const auto flush = [&] {
        text += resources.tokenizer->decode(ids);
        ids.clear();
    };
    for (std::int32_t i = 0; i < tokens; ++i) {
        if (all[at] == resources.corpus->separator()) {
            flush();
            text += '\n';
        } else {
            ids.push_back(all[at]);
        }
        if (++at == all.size()) {  // the corpus' last word must not grow together with its first
            flush();
            text += '\n';
            at = 0;
        }
    }
    flush();
    // The window may begin and end inside a word, even inside a character.
    std::size_t begin = seeded ? text.find_first_of(kWhite) : 0;
    begin = text.find_first_not_of(kWhite, begin);
    const std::size_t end = text.find_last_of(kWhite);
    if (begin == std::string::npos || end == std::string::npos || end <= begin) return {};
    return text.substr(begin, text.find_last_not_of(kWhite, end) + 1 - begin);
}

std::vector<std::string> splitWords(const std::string& text) {
    std::vector<std::string> words;
    std::size_t end = 0;
    while (true) {
        const std::size_t begin = text.find_first_not_of(kWhite, end);
        if (begin == std::string::npos) return words;
        end = text.find_first_of(kWhite, begin);
        words.push_back(text.substr(begin, end == std::string::npos ? end : end - begin));
        if (end == std::string::npos) return words;
    }
}

std::vector<std::size_t> sentenceStarts(std::span<const std::string> words) {
    std::vector<std::size_t> starts = {0};
    for (std::size_t i = 1; i < words.size(); ++i)
        if (endsSentence(words[i - 1]) && !beginsLower(words[i])) starts.push_back(i);
    return starts;
}

}  // namespace fm
