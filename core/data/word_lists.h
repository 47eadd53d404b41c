// The closed word lists of the synthetic tasks. The built-in teacher's tokenizer holds each of them, with its leading
// blank, as one token; any other tokenizer works too, with longer pieces.
#pragma once

#include <string>
#include <vector>

namespace fm {

// The 26 words of the NATO alphabet, as DuoAttention spells them ("juliett", "xray").
const std::vector<std::string>& natoWords();

// 64 plain nouns that name the needles of the word tasks; disjoint from the NATO words.
const std::vector<std::string>& keyWords();

// "one" .. "sixteen": links between a key and a value that stand apart.
const std::vector<std::string>& numberWords();

// "first" .. "tenth".
const std::vector<std::string>& ordinalWords();

}  // namespace fm
