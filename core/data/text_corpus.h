// Plain text for haystacks, alignment and text KL: a folder of .txt/.jsonl files or one such file, tokenised once.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/data/token_cache.h"
#include "core/formats/tokenizer.h"

namespace fm {

// Immutable after load; shared by threads.
class TextCorpus {
public:
    // Files in name order, subfolders included; a .txt file is one document, every .jsonl line with a "text" string is
    // one. Special tokens in the text are not recognised. Throws InputError when nothing readable is found, FormatError
    // for a damaged .jsonl line.
    // The last `held_out_share` of the tokens is kept apart for evaluation: whole documents, or, when the last document
    // alone is far larger than the share, the end of that document (cut after a line break).
    static std::shared_ptr<const TextCorpus> load(const std::string& path, const Tokenizer& tokenizer,
                                                  double held_out_share = 0.06);
    // The same; the tokens come from `cache` where it has them, and are kept there.
    static std::shared_ptr<const TextCorpus> load(const std::string& path, const Tokenizer& tokenizer,
                                                  const TokenCache& cache, double held_out_share = 0.06);

    enum class Part { Train, HeldOut };
    std::int64_t numTokens(Part part) const { return static_cast<std::int64_t>(tokens(part).size()); }
    // `tokens` consecutive tokens at a seeded offset (wraps round); documents are joined by the end-of-text token
    // where the tokenizer has one. Throws InputError when the part is empty.
    std::vector<TokenId> window(Part part, std::uint64_t seed, std::int32_t tokens) const;
    // All tokens of a part, for readers that take their own windows.
    std::span<const TokenId> tokens(Part part) const { return part == Part::Train ? train_ : held_out_; }
    // The token between documents, -1 when the tokenizer has none.
    TokenId separator() const { return separator_; }

private:
    TextCorpus() = default;
    static std::shared_ptr<const TextCorpus> split(TokenisedText text, const Tokenizer& tokenizer, double held_out);
    std::vector<TokenId> train_, held_out_;
    TokenId separator_ = -1;
};

}  // namespace fm
