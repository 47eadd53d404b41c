// The products that all GDN kernels are made of. A warp holds 16 rows of the left operand and of the result in
// registers and four consecutive warps multiply together (a warpgroup, 64 rows); right operands are tiles in shared
// memory.
//
// They are asynchronous (wgmma): beginProducts() after the registers of operands and sums were last written, then
// products, commitProducts(), and waitForProducts() before sums or left operands are touched again. Tiles that threads
// wrote need shareTiles() by the writers, then a barrier.
#pragma once

#include "kernels/cuda/gdn_tile.cuh"

namespace fm::kernels::cuda::gdn {

__device__ __forceinline__ void beginProducts() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
__device__ __forceinline__ void commitProducts() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
template <int pending>
__device__ __forceinline__ void waitForProducts() {
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(pending) : "memory");
}
__device__ __forceinline__ void shareTiles() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

// Eight rows, 1024 bytes, of a panel follow each other without gaps; 128-byte swizzle.
__device__ __forceinline__ std::uint64_t panelDescriptor(SharedAddress address) {
    return static_cast<std::uint64_t>((address & 0x3ffff) >> 4) | std::uint64_t{1} << 16 |
           std::uint64_t{1024 >> 4} << 32 | std::uint64_t{1} << 62;
}

#define FM_SUMS(s)                                                                                               \
    "+f"(s[0][0]), "+f"(s[0][1]), "+f"(s[0][2]), "+f"(s[0][3]), "+f"(s[1][0]), "+f"(s[1][1]), "+f"(s[1][2]),     \
        "+f"(s[1][3]), "+f"(s[2][0]), "+f"(s[2][1]), "+f"(s[2][2]), "+f"(s[2][3]), "+f"(s[3][0]), "+f"(s[3][1]), \
        "+f"(s[3][2]), "+f"(s[3][3]), "+f"(s[4][0]), "+f"(s[4][1]), "+f"(s[4][2]), "+f"(s[4][3]), "+f"(s[5][0]), \
        "+f"(s[5][1]), "+f"(s[5][2]), "+f"(s[5][3]), "+f"(s[6][0]), "+f"(s[6][1]), "+f"(s[6][2]), "+f"(s[6][3]), \
        "+f"(s[7][0]), "+f"(s[7][1]), "+f"(s[7][2]), "+f"(s[7][3])
#define FM_SUM_REGISTERS                                                                                  \
    "{%0,%1,%2,%3,%4,%5,%6,%7,%8,%9,%10,%11,%12,%13,%14,%15,%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26," \
    "%27,%28,%29,%30,%31}, "

template <bool stored_by_k>
__device__ __forceinline__ void multiplyPanel(Sums& sums, const Fragment& a, SharedAddress b, bool accumulate) {
    asm volatile(
        "{.reg .pred p; setp.ne.b32 p, %37, 0;"
        "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 " FM_SUM_REGISTERS
        "{%32,%33,%34,%35}, %36, p, 1, 1, %38;}"
        : FM_SUMS(sums)
        : "r"(a.r[0]), "r"(a.r[1]), "r"(a.r[2]), "r"(a.r[3]), "l"(panelDescriptor(b)), "r"(accumulate ? 1 : 0),
          "n"(stored_by_k ? 1 : 0));
}

// sums[16 x 64] (+)= a (tile[:, 16 k..])^T.
template <int columns>
__device__ __forceinline__ void addRowsProduct(Sums& sums, const Fragment& a, const Tile<columns>& tile, int k,
                                               bool accumulate) {
    multiplyPanel<false>(sums, a, tile.base + k / 4 * Tile<columns>::kPanelBytes + k % 4 * 32, accumulate);
}

// sums[16 x 64] (+)= a tile[16 k.., 64 panel..].
template <int columns>
__device__ __forceinline__ void addColumnsProduct(Sums& sums, const Fragment& a, const Tile<columns>& tile, int k,
                                                  int panel, bool accumulate) {
    multiplyPanel<true>(sums, a, tile.base + panel * Tile<columns>::kPanelBytes + k * 16 * 128, accumulate);
}

// sums[16 x 64] = left right^T for rows 16 slab.. of `left`; the warps of a warpgroup have slabs 0 to 3.
template <int columns>
__device__ __forceinline__ void makeTileProduct(Sums& sums, const Tile<columns>& left, const Tile<columns>& right,
                                                int /*slab*/) {
#pragma unroll
    for (int k = 0; k < columns / 16; ++k) {
        const int offset = k / 4 * Tile<columns>::kPanelBytes + k % 4 * 32;
        asm volatile(
            "{.reg .pred p; setp.ne.b32 p, %34, 0;"
            "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 " FM_SUM_REGISTERS "%32, %33, p, 1, 1, 0, 0;}"
            : FM_SUMS(sums)
            : "l"(panelDescriptor(left.base + offset)), "l"(panelDescriptor(right.base + offset)), "r"(k > 0 ? 1 : 0));
    }
}

#undef FM_SUMS
#undef FM_SUM_REGISTERS

}  // namespace fm::kernels::cuda::gdn
