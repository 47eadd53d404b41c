// What a word task wants to say, as token pieces: needles to hide and questions to ask. Words and marks are tokenised
// once per task, so drafting a sample copies ids and touches no text but the answers'.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/formats/tokenizer.h"

namespace fm {

using TokenIds = std::vector<TokenId>;

// One list of interchangeable words, each with its leading blank.
struct WordList {
    std::vector<std::string> text;
    std::vector<TokenIds> ids;
    std::int32_t longest = 0;  // tokens of the longest word

    static WordList make(const Tokenizer& tokenizer, const std::vector<std::string>& words);
    std::int32_t size() const { return static_cast<std::int32_t>(text.size()); }
};

struct WordPieces {
    WordList keys, values, numbers;
    WordList vocabulary;  // every token of the tokenizer that is a blank and lower-case letters: for "copy"
    TokenIds is, same_as, of, both, number, has_number, copy, stop;
    TokenIds ask_first, ask_next, ask_end;  // ask_next also closes the answer before it
    TokenIds copy_ask;

    explicit WordPieces(const Tokenizer& tokenizer);
};

struct WordDraft {
    struct Part {
        std::int32_t begin = 0, end = 0;  // in `ids`
        std::int32_t length() const { return end - begin; }
    };
    struct Needle {
        Part head, tail;           // tail may be empty
        std::int32_t gap = 0;      // filler tokens between head and tail
        std::int32_t before = -1;  // this needle stands before that one; -1: anywhere
    };
    struct Question {
        Part ask, answer;
        std::string text;                  // the answer's words joined by blanks
        std::int32_t needle = 0;           // holds the (first word of the) value
        std::vector<std::int32_t> others;  // needles that the answer rests on besides
    };

    TokenIds ids;  // all pieces back to back
    std::vector<Needle> needles;
    std::vector<Question> questions;
    Part close;  // after the last answer
    // Tokens that any sample of this family can need: its marks, its longest words, its widest gaps. The same for all
    // seeds.
    std::int32_t worst_tokens = 0;

    std::int32_t begin() const { return static_cast<std::int32_t>(ids.size()); }
    Part since(std::int32_t begin) const { return {begin, static_cast<std::int32_t>(ids.size())}; }
    void mark(const TokenIds& piece) {
        ids.insert(ids.end(), piece.begin(), piece.end());
        worst_tokens += static_cast<std::int32_t>(piece.size());
    }
    void word(const WordList& list, std::int32_t index) {
        const TokenIds& piece = list.ids[static_cast<std::size_t>(index)];
        ids.insert(ids.end(), piece.begin(), piece.end());
        worst_tokens += list.longest;
    }
};

}  // namespace fm
