// Smallest and largest value of any index range of a long, growing column in logarithmic time.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "widgets/plots/chunked_column.h"

namespace fm {

// Indices of the first smallest and the first largest value of a range; `any` is false when no value is finite.
struct Extremes {
    std::size_t low = 0;
    std::size_t high = 0;
    bool any = false;
};

// Keeps the extremes of blocks, two bytes per value; the values stay with their owner, who hands `value(i) -> number`
// to every call. NaN and infinity count as missing.
class MinMaxTiers {
public:
    void clear() {
        tiers_.clear();
        num_values_ = 0;
    }
    std::size_t size() const { return num_values_; }

    // Takes notice of the values up to `num_values`; those before are already known and must not have changed.
    template <class Value>
    void extend(std::size_t num_values, const Value& value) {
        num_values_ = num_values;
        for (std::size_t t = 0; t == 0 || tiers_[t - 1].size() >= kFan; ++t) {
            if (t == tiers_.size()) tiers_.emplace_back();
            const std::size_t num_below = t == 0 ? num_values : tiers_[t - 1].size();
            while ((tiers_[t].size() + 1) * kFan <= num_below) {
                const std::size_t begin = tiers_[t].size() * kFan;
                Block block = kNone;
                merge(block, t, begin, begin + kFan, value);
                tiers_[t].push_back(block);
            }
        }
    }

    template <class Value>
    Extremes range(std::size_t begin, std::size_t end, const Value& value) const {
        Block block = kNone;
        walk(block, 0, begin, std::min(end, num_values_), value);
        return {block.low_at, block.high_at, block.low <= block.high};
    }

private:
    static constexpr std::size_t kFan = 16;
    struct Block {
        double low, high;
        std::uint32_t low_at, high_at;
    };
    static constexpr Block kNone = {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
                                    0, 0};

    // [begin, end) of what tier `tier` is made of: by its blocks as far as they fit, else one by one. In order, so that
    // the first of equal values stays.
    template <class Value>
    void walk(Block& into, std::size_t tier, std::size_t begin, std::size_t end, const Value& value) const {
        const std::size_t first = (begin + kFan - 1) / kFan;
        const std::size_t last = tier < tiers_.size() ? std::min(end / kFan, tiers_[tier].size()) : 0;
        if (first >= last) return merge(into, tier, begin, end, value);
        merge(into, tier, begin, first * kFan, value);
        walk(into, tier + 1, first, last, value);
        merge(into, tier, last * kFan, end, value);
    }

    template <class Value>
    void merge(Block& into, std::size_t tier, std::size_t begin, std::size_t end, const Value& value) const {
        if (tier == 0) {
            for (std::size_t i = begin; i < end; ++i) mergeValue(into, static_cast<double>(value(i)), i);
            return;
        }
        for (std::size_t b = begin; b < end; ++b) {
            const Block& block = tiers_[tier - 1][b];
            if (block.low < into.low) into.low = block.low, into.low_at = block.low_at;
            if (block.high > into.high) into.high = block.high, into.high_at = block.high_at;
        }
    }

    static void mergeValue(Block& into, double value, std::size_t at) {
        if (!std::isfinite(value)) return;
        if (value < into.low) into.low = value, into.low_at = static_cast<std::uint32_t>(at);
        if (value > into.high) into.high = value, into.high_at = static_cast<std::uint32_t>(at);
    }

    std::vector<ChunkedColumn<Block>> tiers_;  // blocks of 16, 256, 4096 ... values; complete ones only
    std::size_t num_values_ = 0;
};

}  // namespace fm
