#include "core/data/sample_check.h"

namespace fm {
namespace {

std::string decodeRange(const Sample& sample, const Tokenizer& tokenizer, std::int32_t begin, std::int32_t end) {
    return tokenizer.decode(std::vector<TokenId>(sample.ids.begin() + begin, sample.ids.begin() + end));
}

std::string withoutBlank(const std::string& text) { return text.starts_with(' ') ? text.substr(1) : text; }

// A pair's answer is put together from two needles, so its first half must be in the first needle.
bool standsInContext(const std::string& context, const std::string& answer) {
    if (context.find(answer) != std::string::npos) return true;
    std::size_t half = answer.find(' ');
    if (half != std::string::npos) half = answer.find(' ', half + 1);
    return half != std::string::npos && context.find(answer.substr(0, half)) != std::string::npos &&
           context.find(answer.substr(half)) != std::string::npos;
}

std::string checkAnswer(const Sample& sample, const Tokenizer& tokenizer, const Answer& answer,
                        std::int32_t context_end) {
    const std::string name = sample.task + ": answer \"" + answer.text + "\": ";
    const std::string decoded =
        withoutBlank(decodeRange(sample, tokenizer, answer.begin, answer.begin + answer.length));
    if (decoded != answer.text) return name + "its tokens decode to \"" + decoded + "\"";
    if (answer.depth < 0 || answer.depth > 1) return name + "depth outside [0, 1]";
    if (answer.needle_begin < 0 || answer.needle_begin >= context_end) return name + "its needle is not in the context";
    const bool pair = sample.task.starts_with("pair");
    const std::string context = decodeRange(sample, tokenizer, pair ? 0 : answer.needle_begin, context_end);
    if (pair ? !standsInContext(context, answer.text) : context.find(answer.text) == std::string::npos)
        return name + "not found in the context from its needle on";
    return {};
}

std::string checkQuestions(const Sample& sample) {
    std::int32_t next = 0;
    for (const Question& question : sample.questions) {
        if (question.first != next || question.count < 1 || question.new_tokens < 1)
            return sample.task + ": questions out of order or without answers";
        next += question.count;
    }
    if (next != static_cast<std::int32_t>(sample.answers.size())) return sample.task + ": answers without a question";
    if (sample.placed < 0 || (next > 0 && static_cast<std::size_t>(sample.placed) >= sample.questions.size()))
        return sample.task + ": the placed question is not there";
    return {};
}

}  // namespace

std::string checkSample(const Sample& sample, const Tokenizer& tokenizer) {
    const auto size = static_cast<std::int32_t>(sample.ids.size());
    if (size > sample.requested_length) return sample.task + ": longer than asked for";
    std::int32_t end = 0;
    for (const Answer& answer : sample.answers) {
        if (answer.length < 1 || answer.begin < std::max(end, 1) || answer.begin + answer.length > size)
            return sample.task + ": answers out of order or out of range";
        end = answer.begin + answer.length;
        const std::string problem = checkAnswer(sample, tokenizer, answer, sample.answers.front().begin);
        if (!problem.empty()) return problem;
    }
    if (!sample.answers.empty() && sample.answers.front().begin + sample.answer_budget > sample.requested_length)
        return sample.task + ": the answer budget does not fit";
    return checkQuestions(sample);
}

}  // namespace fm
