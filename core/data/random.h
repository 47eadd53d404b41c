// Counter-based random numbers: the n-th number of a key is splitmix64's finaliser applied to key + n * golden ratio,
// so every draw is a pure function of (key, n) and nothing has to be stored to resume. Not for cryptography.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string_view>
#include <vector>

namespace fm {

inline constexpr std::uint64_t kGoldenGamma = 0x9E3779B97F4A7C15ULL;

// A bijection of 64-bit numbers (splitmix64's finaliser): distinct inputs give distinct outputs.
constexpr std::uint64_t mix64(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
    return x ^ (x >> 31);
}

// The key of slot (a, b) below `seed`; for fixed seed and b it is injective in a, and the other way round.
constexpr std::uint64_t deriveSeed(std::uint64_t seed, std::uint64_t a, std::uint64_t b = 0) {
    const std::uint64_t first = mix64(mix64(seed + kGoldenGamma) ^ (a + 2 * kGoldenGamma));
    return mix64(first ^ (b + 3 * kGoldenGamma));
}

// FNV-1a: gives every task name its own stream.
constexpr std::uint64_t hashName(std::string_view name) {
    std::uint64_t hash = 0xCBF29CE484222325ULL;
    for (char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    return hash;
}

class Rng {
public:
    explicit Rng(std::uint64_t key) : key_(key) {}

    std::uint64_t next() { return mix64(key_ + kGoldenGamma * ++count_); }
    // Uniform in [0, n), n >= 1; the modulo's bias is below n / 2^64.
    std::uint64_t below(std::uint64_t n) { return next() % n; }
    // Uniform in [low, high], both included.
    std::int32_t between(std::int32_t low, std::int32_t high) {
        return low + static_cast<std::int32_t>(below(static_cast<std::uint64_t>(high - low) + 1));
    }
    // Uniform in [0, 1).
    double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

    template <typename T>
    void shuffle(std::vector<T>& items) {
        for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
    }

    // k distinct numbers of [0, n) in random order; k <= n.
    std::vector<std::int32_t> distinct(std::int32_t n, std::int32_t k) {
        std::vector<std::int32_t> chosen;
        if (2 * static_cast<std::int64_t>(k) >= n) {
            chosen.resize(static_cast<std::size_t>(n));
            std::iota(chosen.begin(), chosen.end(), 0);
            shuffle(chosen);
            chosen.resize(static_cast<std::size_t>(k));
            return chosen;
        }
        chosen.reserve(static_cast<std::size_t>(k));
        while (static_cast<std::int32_t>(chosen.size()) < k) {
            const auto candidate = static_cast<std::int32_t>(below(static_cast<std::uint64_t>(n)));
            if (std::find(chosen.begin(), chosen.end(), candidate) == chosen.end()) chosen.push_back(candidate);
        }
        return chosen;
    }

private:
    std::uint64_t key_;
    std::uint64_t count_ = 0;
};

}  // namespace fm
