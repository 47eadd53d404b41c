// How the memory of a call is cut, and into how many segments its sequences are.
#pragma once

#include <algorithm>
#include <cstddef>

#include "kernels/cuda/gdn.h"
#include "kernels/cuda/gdn_sequence.cuh"

namespace fm::kernels::cuda::gdn {

// A scan of few sequences and heads leaves most of the GPU idle: an H200 has room for two of its blocks of threads on
// each of 132 multiprocessors. Cutting makes the GPU scan everything up to twice and the state be multiplied once for
// each segment, so it has to bring several times as many blocks. The numbers are those of one GPU on purpose: results
// must not depend on where they are made.
inline constexpr int kScanBlocksAtOnce = 264;
inline constexpr int kLeastSegments = 4;
inline constexpr int kMostSegments = 32;
inline constexpr int kLeastSegmentChunks = 8;

inline int chunksOf(const FmGdnShape& shape) { return (shape.tokens + kChunk - 1) / kChunk; }

// 1 if the sequences are not cut; else the chunks of a segment are as few as the segments that are wanted allow.
inline int segmentChunks(const FmGdnShape& shape) {
    const int chunks = chunksOf(shape);
    const std::int64_t blocks = static_cast<std::int64_t>(shape.batch) * shape.value_heads * (shape.head_dim / 64);
    const int wanted = static_cast<int>(std::min<std::int64_t>(kScanBlocksAtOnce / blocks, kMostSegments));
    if (wanted < kLeastSegments) return chunks;
    const int segment_chunks = std::max((chunks + wanted - 1) / wanted, kLeastSegmentChunks);
    return (chunks + segment_chunks - 1) / segment_chunks < kLeastSegments ? chunks : segment_chunks;
}

inline int segmentsOf(const FmGdnShape& shape) {
    return (chunksOf(shape) + segmentChunks(shape) - 1) / segmentChunks(shape);
}

inline GdnSizes sizesOf(const FmGdnShape& shape, const std::int32_t* lengths_B) {
    return {shape.batch, shape.tokens, shape.heads,       shape.value_heads,   chunksOf(shape),
            shape.scale, lengths_B,    segmentsOf(shape), segmentChunks(shape)};
}

// Hands out 256-byte aligned parts of a workspace; with a null base it only counts.
class Carver {
public:
    explicit Carver(void* base) : base_(static_cast<unsigned char*>(base)) {}
    template <typename T>
    T* take(std::size_t count) {
        T* result = base_ == nullptr ? nullptr : reinterpret_cast<T*>(base_ + used_);
        used_ += (count * sizeof(T) + 255) / 256 * 256;
        return result;
    }
    std::size_t used() const { return used_; }

private:
    unsigned char* base_;
    std::size_t used_ = 0;
};

inline std::size_t pairsOf(const FmGdnShape& shape) {
    return static_cast<std::size_t>(shape.batch) * shape.value_heads;
}
inline std::size_t chunkCount(const FmGdnShape& shape) { return pairsOf(shape) * chunksOf(shape); }
inline std::size_t stateFragments(const FmGdnShape& shape) {
    return chunkCount(shape) * shape.head_dim * shape.head_dim * sizeof(Bf16) / sizeof(Fragment);
}

// 0 where nothing is cut.
inline std::size_t segmentCount(const FmGdnShape& shape) {
    return segmentsOf(shape) == 1 ? 0 : pairsOf(shape) * segmentsOf(shape);
}
inline float* carveSegmentStates(const FmGdnShape& shape, Carver& carver) {
    return carver.take<float>(segmentCount(shape) * shape.head_dim * shape.head_dim);
}

// What forward needs; `saved` begins with it.
struct ForwardArrays {
    ChunkArrays chunks;
    SegmentArrays segments;
};
inline ForwardArrays carveForward(const FmGdnShape& shape, Carver& carver) {
    ForwardArrays arrays;
    arrays.chunks.gates_N = carver.take<Gates>(chunkCount(shape));
    arrays.chunks.solve_NCC = carver.take<Bf16>(chunkCount(shape) * kChunk * kChunk);
    arrays.segments.states_N = carveSegmentStates(shape, carver);
    arrays.segments.transitions_N = carveSegmentStates(shape, carver);
    arrays.segments.remembers_N = carver.take<std::int32_t>(segmentCount(shape));
    return arrays;
}

inline SavedArrays carveSaved(const FmGdnShape& shape, Carver& carver) {
    SavedArrays saved;
    saved.new_values_NCd = carver.take<Bf16>(chunkCount(shape) * kChunk * shape.head_dim);
    saved.states_N = carver.take<Fragment>(stateFragments(shape));
    return saved;
}

struct BackwardArrays {
    Fragment* dstates_N;
    float* dstates_of_segments_N;
    Bf16* dq_BTHd;  // of each value head; null if each query head has one
    Bf16* dk_BTHd;
};
inline BackwardArrays carveBackward(const FmGdnShape& shape, Carver& carver) {
    BackwardArrays arrays = {carver.take<Fragment>(stateFragments(shape)), carveSegmentStates(shape, carver), nullptr,
                             nullptr};
    if (shape.value_heads == shape.heads) return arrays;
    const std::size_t elements = pairsOf(shape) * shape.tokens * shape.head_dim;
    arrays.dq_BTHd = carver.take<Bf16>(elements);
    arrays.dk_BTHd = carver.take<Bf16>(elements);
    return arrays;
}

}  // namespace fm::kernels::cuda::gdn
