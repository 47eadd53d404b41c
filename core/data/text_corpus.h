// Plain text for haystacks, alignment and text KL: a folder of .txt/.jsonl files or one .txt file, tokenised once.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/formats/tokenizer.h"

namespace fm {

// Immutable after load; shared by threads.
class TextCorpus {
public:
    // Files in name order; .jsonl lines give their "text". Throws InputError when nothing readable is found.
    // The last `held_out_share` of the tokens (by whole documents) is kept apart for evaluation.
    static std::shared_ptr<const TextCorpus> load(const std::string& path, const Tokenizer& tokenizer,
                                                  double held_out_share = 0.06);

    enum class Part { Train, HeldOut };
    std::int64_t numTokens(Part part) const;
    // `tokens` consecutive tokens at a seeded offset (wraps round); documents are joined by the end-of-text token
    // where the tokenizer has one.
    std::vector<TokenId> window(Part part, std::uint64_t seed, std::int32_t tokens) const;

private:
    std::vector<TokenId> train_, held_out_;
};

}  // namespace fm
