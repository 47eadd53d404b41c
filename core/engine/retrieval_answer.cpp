#include "core/engine/retrieval_answer.h"

#include <algorithm>

#include "core/data/scoring.h"
#include "core/formats/chat_template.h"

namespace fm {
namespace {

// One past the last token of the question's last answer.
std::int32_t endOf(const Sample& sample, const Question& question) {
    const Answer& last = sample.answers[static_cast<std::size_t>(question.first + question.count - 1)];
    return last.begin + last.length;
}

std::int32_t beginOf(const Sample& sample, const Question& question) {
    return sample.answers[static_cast<std::size_t>(question.first)].begin;
}

}  // namespace

StopTokens StopTokens::make(const ModelConfig& config, const TaskResources& resources) {
    const Tokenizer& tokenizer = *resources.tokenizer;
    StopTokens stops{config.eos_ids, {}};
    const TokenId end_of_turn = tokenizer.idOf(chatEndOfTurn(resources.chat_family));
    if (end_of_turn >= 0) stops.of_text.push_back(end_of_turn);
    stops.of_line = stops.of_text;
    for (TokenId id = 0; id < tokenizer.vocabSize(); ++id)
        if (tokenizer.tokenBytes(id).find('\n') != std::string::npos) stops.of_line.push_back(id);
    return stops;
}

std::vector<TokenId> promptOf(const Sample& sample, const Question& question) {
    return {sample.ids.begin(), sample.ids.begin() + beginOf(sample, question)};
}

std::vector<std::string> referencesOf(const Sample& sample, const Question& question) {
    std::vector<std::string> references;
    for (std::int32_t i = 0; i < question.count; ++i)
        references.push_back(sample.answers[static_cast<std::size_t>(question.first + i)].text);
    return references;
}

std::string referencesText(const Sample& sample, const Question& question) {
    std::string text;
    for (const std::string& reference : referencesOf(sample, question)) text += (text.empty() ? "" : ", ") + reference;
    return text;
}

RetrievalAnswer answerQuestion(const HybridModel& model, const Sample& sample, const Question& question,
                               const StopTokens& stops, const Tokenizer& tokenizer) {
    const std::vector<TokenId> given = generateGreedy(model, promptOf(sample, question), question.new_tokens,
                                                      sample.one_line ? stops.of_line : stops.of_text);
    const std::vector<TokenId> expected(sample.ids.begin() + beginOf(sample, question),
                                        sample.ids.begin() + endOf(sample, question));
    RetrievalAnswer answer;
    answer.text = tokenizer.decode(given);
    answer.recall = stringMatchAll(answer.text, referencesOf(sample, question));
    answer.exact = given.size() >= expected.size() && std::equal(expected.begin(), expected.end(), given.begin());
    return answer;
}

}  // namespace fm
