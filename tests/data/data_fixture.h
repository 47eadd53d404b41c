// What the data tests share: two small tokenizers that split differently, and a small corpus.
#pragma once

#include <QString>
#include <QStringList>
#include <string>

#include "core/data/tasks.h"

namespace fm::test {

inline std::string dataFixture(const std::string& name) { return FM_FIXTURES "/data/" + name; }

inline std::shared_ptr<const Tokenizer> tokenizer(const std::string& splitter) {
    return Tokenizer::open(dataFixture("tokenizer_" + splitter));
}

// `splitter` is "smollm" or "qwen2".
inline TaskResources resources(const std::string& splitter, double held_out_share = 0.3) {
    TaskResources made;
    made.tokenizer = tokenizer(splitter);
    made.corpus = TextCorpus::load(dataFixture("text"), *made.tokenizer, held_out_share);
    return made;
}

inline std::vector<TokenId> slice(const Sample& sample, std::int32_t begin, std::int32_t end) {
    return {sample.ids.begin() + begin, sample.ids.begin() + end};
}

// Everything before the first answer, as text.
inline QString promptText(const Sample& sample, const Tokenizer& tokenizer) {
    return QString::fromStdString(tokenizer.decode(slice(sample, 0, sample.answers.front().begin)));
}

inline std::int32_t answerTokens(const Sample& sample) {
    std::int32_t tokens = 0;
    for (const Answer& answer : sample.answers) tokens += answer.length;
    return tokens;
}

}  // namespace fm::test
