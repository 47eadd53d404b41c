// Words of a message, with commas between.
#pragma once

#include <string>

namespace fm {

template <class Words>
std::string joinedWords(const Words& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : ", ") + std::string(word);
    return text;
}

}  // namespace fm
