// Tokenised text kept between programs: a book takes seconds to tokenise and milliseconds to read back.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/formats/tokenizer.h"

namespace fm {

struct TokenisedText {
    std::vector<TokenId> ids;
    std::vector<std::size_t> starts;  // first tokens of the documents; the first one is 0
};

// One file per text and tokenizer, in a folder of the user's. A cache can only save time: what cannot be read, or is
// not what was written, is as good as nothing; what cannot be written is left.
// Thread: one object per thread; several programs may share the folder.
class TokenCache {
public:
    // "" when there is no place for it: neither XDG_CACHE_HOME nor HOME is set.
    static std::string usualFolder();

    explicit TokenCache(std::string folder) : folder_(std::move(folder)) {}
    // Of every byte of the text files below `path`, their names, and the tokenizer.
    static std::string keyOf(const std::string& path, const Tokenizer& tokenizer);
    std::optional<TokenisedText> find(const std::string& key, std::int64_t vocab_size) const;
    void keep(const std::string& key, const TokenisedText& text) const;
    std::string fileOf(const std::string& key) const;

private:
    void dropOldest() const;

    std::string folder_;
};

}  // namespace fm
