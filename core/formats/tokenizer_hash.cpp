#include "core/formats/tokenizer_hash.h"

#include <algorithm>
#include <utility>

#include "core/base/hash.h"

namespace fm {
namespace {

// Lengths stand before texts, so that no two lists of texts look alike.
class PartsHasher {
public:
    void add(std::int64_t number) { hasher_.update(&number, sizeof number); }
    void add(std::string_view text) {
        add(static_cast<std::int64_t>(text.size()));
        hasher_.update(text.data(), text.size());
    }
    std::string hex() const { return hasher_.hex(); }

private:
    Hasher hasher_;
};

}  // namespace

std::string hashOf(const TokenizerParts& parts) {
    PartsHasher hasher;
    hasher.add(static_cast<std::int64_t>(parts.vocabulary.size()));
    for (const std::string& text : parts.vocabulary) hasher.add(text);
    std::vector<std::pair<std::int32_t, std::string_view>> ids;  // the map has no order of its own
    for (const auto& [text, id] : parts.ids) ids.emplace_back(id, text);
    std::sort(ids.begin(), ids.end());
    for (const auto& [id, text] : ids) {
        hasher.add(id);
        hasher.add(text);
    }
    hasher.add(static_cast<std::int64_t>(parts.merges.size()));
    for (const BpeMerge& merge : parts.merges) {
        for (const std::int32_t id : {merge.left, merge.right, merge.merged}) hasher.add(id);
    }
    for (const AddedToken& token : parts.added) {
        hasher.add(token.content);
        hasher.add(token.id);
        for (const bool flag : {token.special, token.normalized, token.takes_space_before, token.takes_space_after})
            hasher.add(std::int64_t{flag});
    }
    for (const SplitRule& rule : parts.rules) {
        hasher.add(rule.pattern);
        for (const bool flag : {rule.keep_matches, rule.keep_gaps}) hasher.add(std::int64_t{flag});
    }
    for (const bool flag : {parts.nfc, parts.ignore_merges}) hasher.add(std::int64_t{flag});
    return hasher.hex();
}

}  // namespace fm
