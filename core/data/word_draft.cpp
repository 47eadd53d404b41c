#include "core/data/word_draft.h"

#include <algorithm>

#include "core/data/word_lists.h"

namespace fm {
namespace {

bool isPlainWord(const std::string& bytes) {
    return bytes.size() >= 3 && bytes[0] == ' ' &&
           std::all_of(bytes.begin() + 1, bytes.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

WordList plainWords(const Tokenizer& tokenizer, const WordList& otherwise) {
    WordList list;
    list.longest = 1;
    for (TokenId id = 0; id < tokenizer.vocabSize(); ++id) {
        if (tokenizer.isSpecial(id)) continue;
        const std::string bytes = tokenizer.tokenBytes(id);
        if (!isPlainWord(bytes)) continue;
        list.text.push_back(bytes.substr(1));
        list.ids.push_back({id});
    }
    return list.text.empty() ? otherwise : list;
}

}  // namespace

WordList WordList::make(const Tokenizer& tokenizer, const std::vector<std::string>& words) {
    WordList list;
    list.text = words;
    for (const std::string& word : words) {
        list.ids.push_back(tokenizer.encodeOrdinary(" " + word));
        list.longest = std::max(list.longest, static_cast<std::int32_t>(list.ids.back().size()));
    }
    return list;
}

WordPieces::WordPieces(const Tokenizer& tokenizer)
    : keys(WordList::make(tokenizer, keyWords())),
      values(WordList::make(tokenizer, natoWords())),
      numbers(WordList::make(tokenizer, numberWords())),
      vocabulary(plainWords(tokenizer, values)) {
    is = tokenizer.encodeOrdinary(" is");
    same_as = tokenizer.encodeOrdinary(" is the same as");
    of = tokenizer.encodeOrdinary(" of");
    both = tokenizer.encodeOrdinary(" and");
    number = tokenizer.encodeOrdinary(" number");
    has_number = tokenizer.encodeOrdinary(" has number");
    copy = tokenizer.encodeOrdinary(" copy:");
    stop = tokenizer.encodeOrdinary(".");
    ask_first = tokenizer.encodeOrdinary("\n what is");
    // Some splitters keep ".\n" in one piece, so the two are tokenised together.
    ask_next = tokenizer.encodeOrdinary(".\n what is");
    ask_end = tokenizer.encodeOrdinary("?");
    copy_ask = tokenizer.encodeOrdinary("\n copy:");
}

}  // namespace fm
