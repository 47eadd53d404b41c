// Endless filler tokens for the word tasks: the corpus from a seeded place, or the noise sentences without a corpus.
#pragma once

#include <span>
#include <vector>

#include "core/data/random.h"
#include "core/data/tasks.h"

namespace fm {

// Immutable; shared by threads. Points into the corpus, which the task's resources keep alive.
class FillerText {
public:
    explicit FillerText(const TaskResources& resources);

    class Reader {
    public:
        Reader(std::span<const TokenId> tokens, Rng& rng) : tokens_(tokens), at_(rng.below(tokens.size())) {}
        // Appends the next `count` tokens; wraps round.
        void append(std::vector<TokenId>& ids, std::int32_t count) {
            for (std::int32_t i = 0; i < count; ++i) {
                ids.push_back(tokens_[at_]);
                if (++at_ == tokens_.size()) at_ = 0;
            }
        }

    private:
        std::span<const TokenId> tokens_;
        std::size_t at_;
    };
    Reader read(Rng& rng) const { return Reader(corpus_.empty() ? std::span<const TokenId>(noise_) : corpus_, rng); }

private:
    std::span<const TokenId> corpus_;
    std::vector<TokenId> noise_;
};

}  // namespace fm
