// Samples with room for what a model is going to generate.
#pragma once

#include "core/data/tasks.h"

namespace fm {

// The tokens to generate for a question: `new_tokens`, at least as many as the answer has; 0 leaves it to the task.
std::int32_t tokensToGenerate(const Sample& sample, const Question& question, std::int32_t new_tokens);

// Task::make(), so much shorter that the prompt of the placed question and the tokens generated after it fit `tokens`
// together; Question::new_tokens of that question says how many. Throws InputError when the task cannot fit that way.
Sample makeWithRoom(const Task& task, std::uint64_t seed, std::int32_t tokens, double depth, std::int32_t question,
                    std::int32_t new_tokens);

}  // namespace fm
