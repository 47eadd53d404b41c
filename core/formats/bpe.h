// Byte-pair merging of one piece of text: the pair with the lowest rank first, the leftmost of equal ones.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace fm {

// The rank of a merge is its place in the list.
struct BpeMerge {
    std::int32_t left = 0, right = 0, merged = 0;  // token ids
};

// Immutable; may be used from several threads.
class Bpe {
public:
    // byte_ids: token of each single byte, -1 where the vocabulary has none (such bytes vanish, as in HF tokenizers
    // without an unknown token). All ids of `merges` lie in [0, vocab_size); pairs are distinct (asserted).
    Bpe(const std::array<std::int32_t, 256>& byte_ids, const std::vector<BpeMerge>& merges, std::size_t vocab_size);

    // Appends the tokens of `piece` to `ids`. Time n log n for long pieces.
    void encode(std::string_view piece, std::vector<std::int32_t>& ids) const;

private:
    struct Rule {
        std::int32_t right, merged;
        std::uint32_t rank;
    };
    struct Symbol;
    struct Candidate;

    const Rule* ruleOf(std::int32_t left, std::int32_t right) const;
    void mergeShort(std::vector<std::int32_t>& symbols) const;
    void mergeLong(std::vector<std::int32_t>& symbols) const;

    std::array<std::int32_t, 256> byte_ids_;
    std::vector<std::uint32_t> first_rule_;  // by left id; one more at the end
    std::vector<Rule> rules_;                // by left id, then right id
};

}  // namespace fm
