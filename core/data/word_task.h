// A word task: needles of one family hidden in filler at seeded distinct depths, the questions at the end. Samples have
// exactly the tokens asked for. Assembled from ids, for pretraining speed: needles, questions and answers are tokenised
// as their text would be, but the filler is cut between any two tokens, so tokenising the decoded text again may differ
// there.
#pragma once

#include <string>

#include "core/data/filler.h"
#include "core/data/tasks.h"
#include "core/data/word_families.h"

namespace fm {

// Immutable after construction; make() may run in several threads.
class WordTask : public Task {
public:
    WordTask(std::string name, const WordFamily& family, const TaskResources& resources);
    const std::string& name() const override { return name_; }
    Sample make(std::uint64_t seed, std::int32_t tokens, double depth = -1, std::int32_t question = 0) const override;

private:
    std::string name_;
    WordFamily family_;
    TaskResources resources_;
    WordPieces pieces_;
    FillerText filler_;
    std::int32_t min_tokens_ = 0;
};

}  // namespace fm
