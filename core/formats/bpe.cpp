#include "core/formats/bpe.h"
#include "core/base/assert.h"

#include <algorithm>
#include <limits>
#include <queue>

namespace fm {
namespace {

// Below this the plain search over all pairs beats a heap.
constexpr std::size_t kShortPiece = 32;
constexpr std::uint32_t kNoRank = std::numeric_limits<std::uint32_t>::max();

}  // namespace

Bpe::Bpe(const std::array<std::int32_t, 256>& byte_ids, const std::vector<BpeMerge>& merges, std::size_t vocab_size)
    : byte_ids_(byte_ids), first_rule_(vocab_size + 1, 0), rules_(merges.size()) {
    for (const BpeMerge& merge : merges) ++first_rule_[static_cast<std::size_t>(merge.left) + 1];
    for (std::size_t i = 1; i < first_rule_.size(); ++i) first_rule_[i] += first_rule_[i - 1];
    std::vector<std::uint32_t> next(first_rule_.begin(), first_rule_.end());
    for (std::size_t rank = 0; rank < merges.size(); ++rank) {
        const BpeMerge& merge = merges[rank];
        FM_ASSERT(static_cast<std::size_t>(merge.merged) < vocab_size, "a merge makes a token of the vocabulary");
        rules_[next[static_cast<std::size_t>(merge.left)]++] = {merge.right, merge.merged,
                                                                static_cast<std::uint32_t>(rank)};
    }
    for (std::size_t left = 0; left < vocab_size; ++left) {
        std::sort(rules_.begin() + first_rule_[left], rules_.begin() + first_rule_[left + 1],
                  [](const Rule& a, const Rule& b) { return a.right < b.right; });
    }
}

const Bpe::Rule* Bpe::ruleOf(std::int32_t left, std::int32_t right) const {
    const Rule* begin = rules_.data() + first_rule_[static_cast<std::size_t>(left)];
    const Rule* end = rules_.data() + first_rule_[static_cast<std::size_t>(left) + 1];
    const Rule* found =
        std::lower_bound(begin, end, right, [](const Rule& rule, std::int32_t id) { return rule.right < id; });
    return found != end && found->right == right ? found : nullptr;
}

void Bpe::encode(std::string_view piece, std::vector<std::int32_t>& ids) const {
    std::vector<std::int32_t> symbols;
    symbols.reserve(piece.size());
    for (const char byte : piece) {
        const std::int32_t id = byte_ids_[static_cast<unsigned char>(byte)];
        if (id >= 0) symbols.push_back(id);
    }
    if (symbols.size() <= kShortPiece) {
        mergeShort(symbols);
    } else {
        mergeLong(symbols);
    }
    ids.insert(ids.end(), symbols.begin(), symbols.end());
}

void Bpe::mergeShort(std::vector<std::int32_t>& symbols) const {
    while (symbols.size() > 1) {
        std::uint32_t best_rank = kNoRank;
        std::size_t best_at = 0;
        std::int32_t merged = 0;
        for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
            const Rule* rule = ruleOf(symbols[i], symbols[i + 1]);
            if (rule == nullptr || rule->rank >= best_rank) continue;
            best_rank = rule->rank;
            best_at = i;
            merged = rule->merged;
        }
        if (best_rank == kNoRank) return;
        symbols[best_at] = merged;
        symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(best_at) + 1);
    }
}

struct Bpe::Symbol {
    std::int32_t id;             // -1: swallowed by its left neighbour
    std::ptrdiff_t left, right;  // neighbours, -1 at the ends
};

struct Bpe::Candidate {
    std::uint32_t rank;
    std::ptrdiff_t at;
    std::int32_t left, right, merged;
    // The queue's top is the lowest rank, then the leftmost place.
    bool operator<(const Candidate& other) const { return rank != other.rank ? rank > other.rank : at > other.at; }
};

void Bpe::mergeLong(std::vector<std::int32_t>& symbols) const {
    std::vector<Symbol> chain(symbols.size());
    const auto at = [&chain](std::ptrdiff_t i) -> Symbol& { return chain[static_cast<std::size_t>(i)]; };
    std::priority_queue<Candidate> queue;
    const auto offer = [&](std::ptrdiff_t i) {
        if (i < 0 || at(i).right < 0) return;
        const std::int32_t left = at(i).id, right = at(at(i).right).id;
        if (const Rule* rule = ruleOf(left, right)) queue.push({rule->rank, i, left, right, rule->merged});
    };
    const std::ptrdiff_t count = static_cast<std::ptrdiff_t>(symbols.size());
    for (std::ptrdiff_t i = 0; i < count; ++i) {
        at(i) = {symbols[static_cast<std::size_t>(i)], i - 1, i + 1 < count ? i + 1 : -1};
    }
    for (std::ptrdiff_t i = 0; i < count; ++i) offer(i);
    while (!queue.empty()) {
        const Candidate top = queue.top();
        queue.pop();
        Symbol& left = at(top.at);
        // Either side may have changed since this pair was offered.
        if (left.id != top.left || left.right < 0 || at(left.right).id != top.right) continue;
        Symbol& right = at(left.right);
        left.id = top.merged;
        left.right = right.right;
        right.id = -1;
        if (left.right >= 0) at(left.right).left = top.at;
        offer(left.left);
        offer(top.at);
    }
    symbols.clear();
    for (std::ptrdiff_t i = 0; i >= 0; i = at(i).right) symbols.push_back(at(i).id);
}

}  // namespace fm
