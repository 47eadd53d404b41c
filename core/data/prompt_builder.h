// Puts a text prompt together and tokenises it, keeping track of where answers and needles land among the tokens.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/data/sample.h"

namespace fm {

// What stands before and after the user's text in a chat turn; head is empty and tail the prefix for family "".
struct ChatFrame {
    std::string head, tail;

    // `raw_prefix` follows the user's text directly in a raw prompt; inside a chat turn it starts the assistant's
    // answer without its leading blank.
    static ChatFrame make(const std::string& chat_family, const std::string& raw_prefix);
};

// Every answer starts a tokenisation of its own and so does the text after it: the tokens before an answer are exactly
// those of the prompt that a model is given to generate from. Everything between is tokenised as one text.
class PromptBuilder {
public:
    // Text in which special tokens count as such: chat frames, our own templates.
    void frame(std::string_view text) { append(text, false); }
    // Text from outside: special tokens in it are plain letters.
    void text(std::string_view text) { append(text, true); }
    // Remembers this place; the index is given to answer().
    std::int32_t mark();
    struct Needle {
        std::int32_t begin = 0, end = 0;  // marks of the whole statement
        std::int32_t place = 0;           // mark that becomes Answer::needle_begin
    };
    // A labelled answer; `text` begins with the blank that parts it from the prompt.
    void answer(const std::string& text, const Needle& needle, double depth);

    // Fills ids and answers of `sample`.
    void finish(const Tokenizer& tokenizer, Sample& sample) const;

private:
    struct Run {
        std::string text;
        bool ordinary = false;
        std::int32_t answer = -1;  // index in answers_
    };
    struct Mark {
        std::size_t run = 0, byte = 0;
    };
    struct Pending {
        std::string text;
        Needle needle;
        double depth = 0;
    };
    void append(std::string_view text, bool ordinary);

    std::vector<Run> runs_;
    std::vector<Mark> marks_;
    std::vector<Pending> answers_;
};

}  // namespace fm
