// A column that grows without moving what it holds: a growing vector would now and then copy a million values, in all
// curves at once, and a deque keeps blocks so small that walking and freeing them takes longer than a frame.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <memory>
#include <vector>

namespace fm {

// T: numbers and plain structs.
template <class T>
class ChunkedColumn {
public:
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    const T& operator[](std::size_t i) const { return chunks_[i / kChunk][i % kChunk]; }
    const T& front() const { return (*this)[0]; }
    const T& back() const { return (*this)[size_ - 1]; }

    void push_back(const T& value) {
        if (size_ % kChunk == 0) chunks_.push_back(std::make_unique_for_overwrite<T[]>(kChunk));
        chunks_.back()[size_ % kChunk] = value;
        ++size_;
    }
    void clear() {
        chunks_.clear();
        size_ = 0;
    }

    // The first of the indices [from, to) whose value is not below `bound`, or is above it; values must not fall.
    std::size_t firstNotBelow(const T& bound, std::size_t from, std::size_t to) const {
        return partition(from, to, [&](std::size_t i) { return (*this)[i] < bound; });
    }
    std::size_t firstAbove(const T& bound, std::size_t from, std::size_t to) const {
        return partition(from, to, [&](std::size_t i) { return !(bound < (*this)[i]); });
    }

private:
    static constexpr std::size_t kChunk = std::bit_floor(8192 / sizeof(T));

    // Ends of evenly spaced ranges are asked for one after another, so that the answer lies near `from`: steps of
    // growing width enclose it, halves find it.
    template <class Before>
    static std::size_t partition(std::size_t from, std::size_t to, const Before& before) {
        std::size_t width = 1;
        while (from + width <= to && before(from + width - 1)) {
            from += width;
            width *= 2;
        }
        std::size_t last = std::min(from + width, to);
        while (from < last) {
            const std::size_t middle = from + (last - from) / 2;
            before(middle) ? from = middle + 1 : last = middle;
        }
        return from;
    }

    std::vector<std::unique_ptr<T[]>> chunks_;
    std::size_t size_ = 0;
};

}  // namespace fm
