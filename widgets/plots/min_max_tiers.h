// Smallest and largest value of any index range of a long, growing column in logarithmic time.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace fm {

// Indices of the first smallest and the first largest value of a range; `any` is false when no value is finite.
struct Extremes {
    std::size_t low = 0;
    std::size_t high = 0;
    bool any = false;
};

// Keeps indices only, half a byte per value; the values stay with their owner, who hands `value(i) -> number` to every
// call. NaN and infinity count as missing.
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
        if (tiers_.empty()) tiers_.emplace_back();
        while ((tiers_[0].size() + 1) * kFan <= num_values_) {
            const std::size_t begin = tiers_[0].size() * kFan;
            Extremes found;
            for (std::size_t i = begin; i < begin + kFan; ++i) merge(found, i, i, value);
            tiers_[0].push_back(found);
        }
        for (std::size_t t = 1; t <= tiers_.size(); ++t) {
            if (t == tiers_.size() && tiers_[t - 1].size() < kFan) break;
            if (t == tiers_.size()) tiers_.emplace_back();
            while ((tiers_[t].size() + 1) * kFan <= tiers_[t - 1].size()) {
                const std::size_t begin = tiers_[t].size() * kFan;
                Extremes found;
                for (std::size_t i = begin; i < begin + kFan; ++i) merge(found, tiers_[t - 1][i], value);
                tiers_[t].push_back(found);
            }
        }
    }

    template <class Value>
    Extremes range(std::size_t begin, std::size_t end, const Value& value) const {
        Extremes found;
        if (end > num_values_) end = num_values_;
        while (begin < end) {
            std::size_t tier = tiers_.size();
            std::size_t width = 1;
            std::size_t best_width = 1;
            for (std::size_t t = 0; t < tiers_.size(); ++t) {  // the widest block that starts here and fits
                width *= kFan;
                if (begin % width != 0 || begin + width > end || begin / width >= tiers_[t].size()) break;
                tier = t;
                best_width = width;
            }
            if (tier == tiers_.size()) {
                merge(found, begin, begin, value);
            } else {
                merge(found, tiers_[tier][begin / best_width], value);
            }
            begin += best_width;
        }
        return found;
    }

private:
    static constexpr std::size_t kFan = 16;
    struct Block {
        Block(const Extremes& e)
            : low(static_cast<std::uint32_t>(e.low)), high(static_cast<std::uint32_t>(e.high)), any(e.any) {}
        std::uint32_t low;
        std::uint32_t high;
        bool any;
    };

    template <class Value>
    static void merge(Extremes& into, const Block& block, const Value& value) {
        if (block.any) merge(into, block.low, block.high, value);
    }
    template <class Value>
    static void merge(Extremes& into, std::size_t low, std::size_t high, const Value& value) {
        if (!std::isfinite(static_cast<double>(value(low)))) return;
        if (!into.any) {
            into = {low, high, true};
            return;
        }
        if (value(low) < value(into.low)) into.low = low;
        if (value(high) > value(into.high)) into.high = high;
    }

    std::vector<std::deque<Block>> tiers_;  // blocks of 16, 256, 4096 ... values; complete ones only
    std::size_t num_values_ = 0;
};

}  // namespace fm
