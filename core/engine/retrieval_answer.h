// One question of a sample, answered by a model in its own words and scored as RULER does.
#pragma once

#include <string>
#include <vector>

#include "core/data/tasks.h"
#include "core/model/hybrid_model.h"

namespace fm {

// Tokens at which a generated answer ends; none of them is part of it.
struct StopTokens {
    std::vector<std::int64_t> of_text;  // the model's end tokens and, in chat form, the end of the turn
    std::vector<std::int64_t> of_line;  // those and every token that holds a newline

    static StopTokens make(const ModelConfig& config, const TaskResources& resources);
};

struct RetrievalAnswer {
    std::string text;
    double recall = 0;   // share of the references that the text contains (RULER's string_match_all), in [0, 1]
    bool exact = false;  // its tokens begin with the expected ones: the same values, in the same form and order
};

// Everything before the first answer of the question, earlier questions with their right answers included.
std::vector<TokenId> promptOf(const Sample& sample, const Question& question);
std::vector<std::string> referencesOf(const Sample& sample, const Question& question);
std::string referencesText(const Sample& sample, const Question& question);  // commas between

// Greedy, at most Question::new_tokens. Throws InputError where prompt and answer do not fit the model's context.
RetrievalAnswer answerQuestion(const HybridModel& model, const Sample& sample, const Question& question,
                               const StopTokens& stops, const Tokenizer& tokenizer);

}  // namespace fm
