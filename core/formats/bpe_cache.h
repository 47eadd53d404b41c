// Pieces already merged. Words repeat: on running text nearly every piece is found here.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace fm {

// May be used from several threads. Holds the first 131,072 distinct pieces of at most 64 bytes and then stays as it
// is, so that its memory has a bound whatever the text.
class BpeCache {
public:
    // True when the piece was known; its tokens are then appended to `ids`.
    bool append(std::string_view piece, std::vector<std::int32_t>& ids);
    void remember(std::string_view piece, const std::int32_t* ids, std::size_t count);

private:
    static constexpr std::size_t kShards = 16, kPiecesPerShard = 8192, kLongestPiece = 64;

    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };
    struct Shard {
        std::mutex mutex;
        std::unordered_map<std::string, std::vector<std::int32_t>, Hash, std::equal_to<>> ids_of_piece;
    };
    Shard& shardOf(std::string_view piece) { return shards_[Hash()(piece) >> 7 & (kShards - 1)]; }

    std::array<Shard, kShards> shards_;
};

}  // namespace fm
