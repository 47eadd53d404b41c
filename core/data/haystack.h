// Haystacks as text: words of the corpus, cut from its tokens.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/data/random.h"
#include "core/data/tasks.h"

namespace fm {

// Text of about `tokens` tokens of the corpus, whole words only, beginning at the corpus' first token or, when
// resources.vary_haystack is set or `anywhere`, at a seeded one. Wraps round: a small corpus is repeated.
std::string corpusText(const TaskResources& resources, std::int32_t tokens, bool anywhere, Rng& rng);

// White space collapsed.
std::vector<std::string> splitWords(const std::string& text);

// Where sentences begin, as indices in `words`; 0 is always one. A sentence ends with . ! or ? (closing quotes and
// brackets may follow) before a word that does not begin with a lower-case letter. RULER uses NLTK's trained splitter
// here; the two differ at abbreviations, which moves a needle by a few words.
std::vector<std::size_t> sentenceStarts(std::span<const std::string> words);

}  // namespace fm
