#include "core/data/answer_room.h"

#include <algorithm>

#include "core/base/error.h"

namespace fm {
namespace {

[[noreturn]] void throwNoRoom(const InputError& shorter, std::int32_t tokens, std::int32_t missing) {
    Problem problem = shorter.problems().front();
    problem.value = std::to_string(tokens);
    problem.allowed += ", and " + std::to_string(missing) + " more for the answer that is generated";
    throw InputError(problem);
}

}  // namespace

std::int32_t tokensToGenerate(const Sample& sample, const Question& question, std::int32_t new_tokens) {
    if (new_tokens == 0) return question.new_tokens;
    const Answer& first = sample.answers[static_cast<std::size_t>(question.first)];
    const Answer& last = sample.answers[static_cast<std::size_t>(question.first + question.count - 1)];
    return std::max(new_tokens, last.begin + last.length - first.begin);
}

Sample makeWithRoom(const Task& task, std::uint64_t seed, std::int32_t tokens, double depth, std::int32_t question,
                    std::int32_t new_tokens) {
    Sample sample = task.make(seed, tokens, depth, question);
    for (std::int32_t missing = 0; !sample.questions.empty();) {
        Question& placed = sample.questions[static_cast<std::size_t>(sample.placed)];
        placed.new_tokens = tokensToGenerate(sample, placed, new_tokens);
        const std::int32_t begin = sample.answers[static_cast<std::size_t>(placed.first)].begin;
        const std::int32_t excess = begin + placed.new_tokens - tokens;
        if (excess <= 0) break;
        missing += excess;
        try {
            sample = task.make(seed, tokens - missing, depth, question);
        } catch (const InputError& shorter) {
            throwNoRoom(shorter, tokens, missing);
        }
    }
    sample.requested_length = tokens;
    return sample;
}

}  // namespace fm
