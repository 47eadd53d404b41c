#include "core/formats/tokenizer_parts.h"

#include <algorithm>
#include <limits>

#include "core/formats/format_error.h"
#include "core/formats/tokenizer_utf8.h"

namespace fm {

TokenizerPartsBuilder::TokenizerPartsBuilder(TokenizerParts& parts, std::size_t entries)
    : parts_(parts),
      id_limit_(std::min<std::int64_t>(2 * static_cast<std::int64_t>(entries) + 1024,
                                       std::numeric_limits<std::int32_t>::max())) {
    parts_.ids.reserve(entries);
}

void TokenizerPartsBuilder::claim(std::string_view text, std::int64_t id, const std::string& key) {
    if (text.empty()) failFormat(parts_.path, key, "is an empty token");
    if (id < 0 || id >= id_limit_) {
        failFormat(
            parts_.path, key,
            "has the id " + std::to_string(id) + "; ids of this file lie in 0.." + std::to_string(id_limit_ - 1));
    }
    if (!parts_.ids.emplace(text, static_cast<std::int32_t>(id)).second) {
        failFormat(parts_.path, key, "the token " + quoted(text) + " appears twice");
    }
    const std::size_t index = static_cast<std::size_t>(id);
    if (index >= claimed_.size()) {
        claimed_.resize(index + 1, false);
        parts_.vocabulary.resize(index + 1);
    }
    if (claimed_[index]) failFormat(parts_.path, key, "the id " + std::to_string(id) + " is given twice");
    claimed_[index] = true;
}

void TokenizerPartsBuilder::addVocabulary(std::string_view text, std::int64_t id, const std::string& key) {
    claim(text, id, key);
    parts_.vocabulary[static_cast<std::size_t>(id)] = text;
}

void TokenizerPartsBuilder::addUnused(std::string_view text, std::int64_t id, const std::string& key) {
    claim(text, id, key);
}

void TokenizerPartsBuilder::addAdded(const AddedToken& token, const std::string& key) {
    // A token that ends inside a character would cut the text into pieces that are not UTF-8.
    if (!isUtf8(token.content)) failFormat(parts_.path, key, "the token " + quoted(token.content) + " is not UTF-8");
    const auto known = parts_.ids.find(token.content);
    if (known == parts_.ids.end()) {
        claim(token.content, token.id, key);
    } else if (known->second != token.id) {
        failFormat(parts_.path, key,
                   "gives " + quoted(token.content) + " the id " + std::to_string(token.id) + ", which is elsewhere " +
                       std::to_string(known->second));
    }
    parts_.added.push_back(token);
}

std::int32_t TokenizerPartsBuilder::idOf(std::string_view text, const std::string& key) const {
    const auto found = parts_.ids.find(std::string(text));
    if (found == parts_.ids.end()) failFormat(parts_.path, key, "the vocabulary has no token " + quoted(text));
    return found->second;
}

void TokenizerPartsBuilder::addMerge(std::string_view left, std::string_view right, const std::string& key) {
    const std::string merged = std::string(left).append(right);
    parts_.merges.push_back({idOf(left, key), idOf(right, key), idOf(merged, key)});
}

void TokenizerPartsBuilder::finish(const std::string& merges_key) {
    std::vector<std::pair<std::int32_t, std::int32_t>> pairs;
    pairs.reserve(parts_.merges.size());
    for (const BpeMerge& merge : parts_.merges) pairs.emplace_back(merge.left, merge.right);
    std::sort(pairs.begin(), pairs.end());
    if (std::adjacent_find(pairs.begin(), pairs.end()) != pairs.end()) {
        failFormat(parts_.path, merges_key, "a pair of tokens appears twice");
    }
    std::vector<std::int32_t> added_ids;
    for (const AddedToken& token : parts_.added) added_ids.push_back(token.id);
    std::sort(added_ids.begin(), added_ids.end());
    const auto twice = std::adjacent_find(added_ids.begin(), added_ids.end());
    if (twice != added_ids.end()) {
        failFormat(parts_.path, "added_tokens", "the id " + std::to_string(*twice) + " is given twice");
    }
}

}  // namespace fm
