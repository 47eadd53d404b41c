#include "core/formats/bpe_cache.h"

namespace fm {

bool BpeCache::append(std::string_view piece, std::vector<std::int32_t>& ids) {
    if (piece.size() > kLongestPiece) return false;
    Shard& shard = shardOf(piece);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.ids_of_piece.find(piece);
    if (found == shard.ids_of_piece.end()) return false;
    ids.insert(ids.end(), found->second.begin(), found->second.end());
    return true;
}

void BpeCache::remember(std::string_view piece, const std::int32_t* ids, std::size_t count) {
    if (piece.size() > kLongestPiece) return;
    Shard& shard = shardOf(piece);
    const std::lock_guard lock(shard.mutex);
    if (shard.ids_of_piece.size() >= kPiecesPerShard) return;
    shard.ids_of_piece.emplace(std::string(piece), std::vector<std::int32_t>(ids, ids + count));
}

}  // namespace fm
