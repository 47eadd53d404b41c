// Token sequences with known answers: what gates, probes and evaluations are fed. Plain values, no LibTorch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/formats/tokenizer.h"

namespace fm {

// Text inside a sequence: tokens [begin, end) without the first `skip` bytes of the first one and the last `drop` bytes
// of the last one.
struct TextPart {
    std::int32_t begin = 0, end = 0;
    std::int32_t skip = 0, drop = 0;
};

// One answer inside a sequence: tokens [begin, begin+length) are the answer; they are predicted from the positions
// begin-1 .. begin+length-2.
struct Answer {
    std::int32_t begin = 0;
    std::int32_t length = 0;
    std::string text;               // decode(answer tokens) without the blank that its first token may begin with
    double depth = 0;               // where the needle that holds the value stands: 0 = start of the context, 1 = end
    std::int32_t needle_begin = 0;  // RULER tasks: token in which the value begins in the context; else: first token
                                    // of the needle that holds the value
    std::vector<TextPart> needle;   // the statement that holds the value; in chains and pairs every one that the answer
                                    // rests on; ascending
};

// What a model is asked once and answers in one go: the answers are the references of one score.
struct Question {
    std::int32_t first = 0, count = 1;  // in Sample::answers
    std::int32_t new_tokens = 0;        // tokens to generate for it
    double depth = 0;                   // where its needle stands; of several the one that a given depth places
};

struct Sample {
    std::vector<TokenId> ids;         // complete sequence: context, question(s), answer(s)
    std::vector<Answer> answers;      // ascending, disjoint; empty for plain text
    std::vector<Question> questions;  // ascending; every answer belongs to one
    std::int32_t placed = 0;          // the question whose needle stands at the depth that was asked for
    bool one_line = false;            // a generated answer ends with its line
    std::string task;                 // "passkey", "niah_single_1", "mk8", "hop4", "text", ...
    std::uint64_t seed = 0;
    std::int32_t requested_length = 0;  // tokens asked for; ids.size() <= requested_length
    std::int32_t answer_budget = 0;     // tokens a model may generate from the first answer on; counted in the length
};

// B sequences of T tokens, right-padded; position t predicts token t+1.
struct Batch {
    std::int32_t batch = 0;   // B
    std::int32_t tokens = 0;  // T
    std::vector<TokenId> ids_BT;
    std::vector<std::uint8_t> answer_BT;  // 1 where token t is an answer token (the label, not its predictor)
    std::vector<std::uint8_t> valid_BT;   // 0 on padding
    std::vector<Sample> samples;          // B, as generated
};

}  // namespace fm
