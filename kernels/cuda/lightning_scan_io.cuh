// What a scan reads and writes besides its products: chunks, decays, states, padding.
#pragma once

#include "kernels/cuda/lightning_shape.cuh"

namespace fm::kernels::cuda::lightning {

__device__ __forceinline__ int validRows(const ScanPlace& place, int chunk) {
    return min(kChunkTokens, place.length - chunk * kChunkTokens);
}

template <class Shape>
__device__ __forceinline__ void fetchChunk(const ScanArgs& args, const ScanRole& role, const ScanPlace& place,
                                           int chunk, std::uint32_t stage) {
    const int rows = validRows(place, chunk);
    const std::int64_t pitch = args.heads * Shape::kHeadDim;
    const std::int64_t row = place.first_token + static_cast<std::int64_t>(chunk) * kChunkTokens;
    const std::int64_t first = row * pitch + place.head * Shape::kHeadDim;
    fetchTile<Shape::kHeadDim, Shape::kThreads>(stage, role.query_BTHd + first, pitch, rows);
    fetchTile<Shape::kHeadDim, Shape::kThreads>(stage + Shape::KeyTile::kBytes, role.key_BTHd + first, pitch, rows);
    fetchTile<Shape::kCtaCols, Shape::kThreads>(stage + 2 * Shape::KeyTile::kBytes,
                                                role.value_BTHd + first + place.split * Shape::kCtaCols, pitch, rows);
}

// Log-decays of this lane's two rows. Rows that do not count get 0, so that b stays at its last valid value.
__device__ __forceinline__ DecayPair fetchDecay(const ScanArgs& args, const ScanPlace& place, int chunk) {
    const int rows = validRows(place, chunk);
    const int row = 2 * place.lane;
    DecayPair g;
    if (args.g_BTH != nullptr) {
        const std::int64_t token = place.first_token + static_cast<std::int64_t>(chunk) * kChunkTokens + row;
        const float* source = args.g_BTH + token * args.heads + place.head;
        if (row < rows) g.even = source[0];
        if (row + 1 < rows) g.odd = source[args.heads];
    } else {
        const float log_decay = args.log_decay_H[place.head];
        if (row < rows) g.even = log_decay;
        if (row + 1 < rows) g.odd = log_decay;
    }
    return g;
}

// Element (value, key) of the state and the step from it to its neighbour in the key direction.
template <class Shape>
struct StatePlace {
    std::int64_t first;
    std::int64_t value_stride;
    std::int64_t key_stride;

    __device__ StatePlace(const ScanRole& role, const ScanPlace& place) {
        const bool key_major = role.layout == StateLayout::key_major;
        value_stride = key_major ? 1 : Shape::kHeadDim;
        key_stride = key_major ? Shape::kHeadDim : 1;
        const int value = place.split * Shape::kCtaCols + place.warp * Shape::kWarpCols + place.lane / 4;
        first =
            place.pair * Shape::kHeadDim * Shape::kHeadDim + value * value_stride + 2 * (place.lane % 4) * key_stride;
    }
    __device__ std::int64_t at(int key_tile, int i) const {
        return first + 8 * (i / 2) * value_stride + (8 * key_tile + i % 2) * key_stride;
    }
};

template <class Shape>
__device__ __forceinline__ void loadState(typename Shape::State& state, const ScanRole& role, const ScanPlace& place) {
    const StatePlace<Shape> at(role, place);
#pragma unroll
    for (int i = 0; i < 4 * Shape::kKeyTiles; ++i) {
        state[i / 4][i % 4] = role.initial_state == nullptr ? 0.0f : role.initial_state[at.at(i / 4, i % 4)];
    }
}

template <class Shape>
__device__ __forceinline__ void storeState(const typename Shape::State& state, const ScanRole& role,
                                           const ScanPlace& place) {
    if (role.final_state == nullptr) return;
    const StatePlace<Shape> at(role, place);
#pragma unroll
    for (int i = 0; i < 4 * Shape::kKeyTiles; ++i) role.final_state[at.at(i / 4, i % 4)] = state[i / 4][i % 4];
}

template <class Shape>
__device__ __forceinline__ void clearPadding(const ScanArgs& args, const ScanRole& role, const ScanPlace& place) {
    constexpr int kPieces = Shape::kCtaCols / 8;
    const std::int64_t first = static_cast<std::int64_t>(place.chunks) * kChunkTokens * kPieces;
    for (std::int64_t i = first + threadIdx.x; i < args.tokens * kPieces; i += Shape::kThreads) {
        const std::int64_t element = ((place.first_token + i / kPieces) * args.heads + place.head) * Shape::kHeadDim;
        *reinterpret_cast<uint4*>(role.out_BTHd + element + place.split * Shape::kCtaCols + i % kPieces * 8) =
            make_uint4(0, 0, 0, 0);
    }
}

}  // namespace fm::kernels::cuda::lightning
