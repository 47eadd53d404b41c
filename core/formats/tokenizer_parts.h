// What a tokenizer is made of, as plain values: the common form of tokenizer.json and of GGUF metadata.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/formats/bpe.h"
#include "core/formats/splitter.h"
#include "core/formats/tokenizer_added.h"

namespace fm {

struct TokenizerParts {
    std::string path;                                   // of the file, for messages
    std::unordered_map<std::string, std::int32_t> ids;  // by text as the file spells it, added tokens too
    std::vector<std::string> vocabulary;                // by id, what BPE may give; "" = not such a token
    std::vector<BpeMerge> merges;                       // by rank; pairs are distinct, ids lie in the vocabulary
    std::vector<AddedToken> added;                      // ids lie in the vocabulary
    std::vector<SplitRule> rules;
    bool nfc = false;
    bool ignore_merges = false;  // a piece that is a vocabulary entry is taken whole
    std::string chat_template;
};

// Fills the tables of TokenizerParts and refuses contradictions: each throws FormatError naming `key`.
class TokenizerPartsBuilder {
public:
    // `entries`: tokens the file holds. Ids up to about twice of that are taken, so that a file can leave holes but
    // cannot ask for memory that it does not fill.
    TokenizerPartsBuilder(TokenizerParts& parts, std::size_t entries);

    void addVocabulary(std::string_view text, std::int64_t id, const std::string& key);
    // Has a name and an id and is never a result of encoding: padding up to a round number.
    void addUnused(std::string_view text, std::int64_t id, const std::string& key);
    void addAdded(const AddedToken& token, const std::string& key);
    void addMerge(std::string_view left, std::string_view right, const std::string& key);
    void finish(const std::string& merges_key);  // refuses pairs that appear twice

private:
    void claim(std::string_view text, std::int64_t id, const std::string& key);
    std::int32_t idOf(std::string_view text, const std::string& key) const;

    TokenizerParts& parts_;
    const std::int64_t id_limit_;
    std::vector<bool> claimed_;  // by id
};

// Throws FormatError naming the key that is wrong or not supported.
TokenizerParts readTokenizerJson(const std::string& path);
TokenizerParts readTokenizerGguf(const std::string& path);

}  // namespace fm
