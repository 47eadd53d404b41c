// Hopper's asynchronous matrix products of one warpgroup (four warps, 64 rows) as inline PTX; sm_90a only.
// An accumulator d[n8][4] lies as in mma.m16n8k16: warp w of the group holds rows 16 w to 16 w + 15.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace fm::kernels::cuda::lightning {

// Compiled for anything but sm_90a these functions are empty; the host starts no kernel with them there.
#if !defined(__CUDA_ARCH__) || defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define FM_SM90A_ASM(...) asm volatile(__VA_ARGS__)
#elif __CUDA_ARCH__ == 900
#error "compile for sm_90a: plain sm_90 has no wgmma"
#else
#define FM_SM90A_ASM(...) static_cast<void>(0)
#endif

// A matrix in shared memory in panels of 64 columns with 128-byte swizzle: eight rows take 1024 bytes.
// `panel_bytes` is the distance of panels, which matters only for a right operand that lies transposed (rows are the
// summed index) and is wider than a panel.
__device__ __forceinline__ std::uint64_t matrixDescriptor(std::uint32_t address, int panel_bytes) {
    constexpr std::uint64_t kSwizzle128 = std::uint64_t{1} << 62;
    constexpr std::uint64_t kEightRows = std::uint64_t{1024 >> 4} << 32;
    const std::uint64_t panel = static_cast<std::uint64_t>(panel_bytes >> 4) << 16;
    return kSwizzle128 | kEightRows | panel | static_cast<std::uint64_t>((address & 0x3ffff) >> 4);
}

// Before the first product of a batch, and after plain code wrote its registers.
__device__ __forceinline__ void beginProducts() { FM_SM90A_ASM("wgmma.fence.sync.aligned;"); }
__device__ __forceinline__ void commitProducts() { FM_SM90A_ASM("wgmma.commit_group.sync.aligned;"); }
template <int kPending>
__device__ __forceinline__ void awaitProducts() {
    FM_SM90A_ASM("wgmma.wait_group.sync.aligned %0;" ::"n"(kPending) : "memory");
}

// Keeps plain code from using an accumulator before the wait that stands before this.
template <int kTiles>
__device__ __forceinline__ void acceptProducts(float (&d)[kTiles][4]) {
#pragma unroll
    for (int i = 0; i < 4 * kTiles; ++i) asm volatile("" : "+f"(d[i / 4][i % 4]));
}

// Makes this thread's ordinary writes to shared memory visible to the matrix unit; a barrier must follow.
__device__ __forceinline__ void publishToProducts() { FM_SM90A_ASM("fence.proxy.async.shared::cta;"); }

// d (+)= a b: `add` 0 overwrites d.
// a and b in shared memory, rows of b are columns of d (summed index contiguous).
__device__ __forceinline__ void productSs(float (&d)[4][4], std::uint64_t a, std::uint64_t b, int add) {
    FM_SM90A_ASM(
        "{ .reg .pred p; setp.ne.b32 p, %18, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n32k16.f32.bf16.bf16 "
        "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15}, "
        "%16, %17, p, 1, 1, 0, 0; }"
        : "+f"(d[0][0]), "+f"(d[0][1]), "+f"(d[0][2]), "+f"(d[0][3]), "+f"(d[1][0]), "+f"(d[1][1]), "+f"(d[1][2]),
          "+f"(d[1][3]), "+f"(d[2][0]), "+f"(d[2][1]), "+f"(d[2][2]), "+f"(d[2][3]), "+f"(d[3][0]), "+f"(d[3][1]),
          "+f"(d[3][2]), "+f"(d[3][3])
        : "l"(a), "l"(b), "r"(add));
}
__device__ __forceinline__ void productSs(float (&d)[8][4], std::uint64_t a, std::uint64_t b, int add) {
    FM_SM90A_ASM(
        "{ .reg .pred p; setp.ne.b32 p, %34, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 "
        "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, "
        "%23, %24, %25, %26, %27, %28, %29, %30, %31}, "
        "%32, %33, p, 1, 1, 0, 0; }"
        : "+f"(d[0][0]), "+f"(d[0][1]), "+f"(d[0][2]), "+f"(d[0][3]), "+f"(d[1][0]), "+f"(d[1][1]), "+f"(d[1][2]),
          "+f"(d[1][3]), "+f"(d[2][0]), "+f"(d[2][1]), "+f"(d[2][2]), "+f"(d[2][3]), "+f"(d[3][0]), "+f"(d[3][1]),
          "+f"(d[3][2]), "+f"(d[3][3]), "+f"(d[4][0]), "+f"(d[4][1]), "+f"(d[4][2]), "+f"(d[4][3]), "+f"(d[5][0]),
          "+f"(d[5][1]), "+f"(d[5][2]), "+f"(d[5][3]), "+f"(d[6][0]), "+f"(d[6][1]), "+f"(d[6][2]), "+f"(d[6][3]),
          "+f"(d[7][0]), "+f"(d[7][1]), "+f"(d[7][2]), "+f"(d[7][3])
        : "l"(a), "l"(b), "r"(add));
}
// a in registers, as the left operand of mma.m16n8k16. kTransposed 1: rows of b are the summed index.
template <int kTransposed>
__device__ __forceinline__ void productRs(float (&d)[8][4], const std::uint32_t (&a)[4], std::uint64_t b, int add) {
    FM_SM90A_ASM(
        "{ .reg .pred p; setp.ne.b32 p, %37, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 "
        "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, "
        "%23, %24, %25, %26, %27, %28, %29, %30, %31}, "
        "{%32, %33, %34, %35}, %36, p, 1, 1, %38; }"
        : "+f"(d[0][0]), "+f"(d[0][1]), "+f"(d[0][2]), "+f"(d[0][3]), "+f"(d[1][0]), "+f"(d[1][1]), "+f"(d[1][2]),
          "+f"(d[1][3]), "+f"(d[2][0]), "+f"(d[2][1]), "+f"(d[2][2]), "+f"(d[2][3]), "+f"(d[3][0]), "+f"(d[3][1]),
          "+f"(d[3][2]), "+f"(d[3][3]), "+f"(d[4][0]), "+f"(d[4][1]), "+f"(d[4][2]), "+f"(d[4][3]), "+f"(d[5][0]),
          "+f"(d[5][1]), "+f"(d[5][2]), "+f"(d[5][3]), "+f"(d[6][0]), "+f"(d[6][1]), "+f"(d[6][2]), "+f"(d[6][3]),
          "+f"(d[7][0]), "+f"(d[7][1]), "+f"(d[7][2]), "+f"(d[7][3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(add), "n"(kTransposed));
}
template <int kTransposed>
__device__ __forceinline__ void productRs(float (&d)[16][4], const std::uint32_t (&a)[4], std::uint64_t b, int add) {
    FM_SM90A_ASM(
        "{ .reg .pred p; setp.ne.b32 p, %69, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 "
        "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, "
        "%23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, "
        "%45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, "
        "{%64, %65, %66, %67}, %68, p, 1, 1, %70; }"
        : "+f"(d[0][0]), "+f"(d[0][1]), "+f"(d[0][2]), "+f"(d[0][3]), "+f"(d[1][0]), "+f"(d[1][1]), "+f"(d[1][2]),
          "+f"(d[1][3]), "+f"(d[2][0]), "+f"(d[2][1]), "+f"(d[2][2]), "+f"(d[2][3]), "+f"(d[3][0]), "+f"(d[3][1]),
          "+f"(d[3][2]), "+f"(d[3][3]), "+f"(d[4][0]), "+f"(d[4][1]), "+f"(d[4][2]), "+f"(d[4][3]), "+f"(d[5][0]),
          "+f"(d[5][1]), "+f"(d[5][2]), "+f"(d[5][3]), "+f"(d[6][0]), "+f"(d[6][1]), "+f"(d[6][2]), "+f"(d[6][3]),
          "+f"(d[7][0]), "+f"(d[7][1]), "+f"(d[7][2]), "+f"(d[7][3]), "+f"(d[8][0]), "+f"(d[8][1]), "+f"(d[8][2]),
          "+f"(d[8][3]), "+f"(d[9][0]), "+f"(d[9][1]), "+f"(d[9][2]), "+f"(d[9][3]), "+f"(d[10][0]), "+f"(d[10][1]),
          "+f"(d[10][2]), "+f"(d[10][3]), "+f"(d[11][0]), "+f"(d[11][1]), "+f"(d[11][2]), "+f"(d[11][3]),
          "+f"(d[12][0]), "+f"(d[12][1]), "+f"(d[12][2]), "+f"(d[12][3]), "+f"(d[13][0]), "+f"(d[13][1]),
          "+f"(d[13][2]), "+f"(d[13][3]), "+f"(d[14][0]), "+f"(d[14][1]), "+f"(d[14][2]), "+f"(d[14][3]),
          "+f"(d[15][0]), "+f"(d[15][1]), "+f"(d[15][2]), "+f"(d[15][3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(add), "n"(kTransposed));
}

// Four 8x8 bf16 matrices, each held one row in four lanes, stored transposed: lane l gives the address of row l % 8 of
// the transposed matrix l / 8.
__device__ __forceinline__ void storeMatricesTransposed(std::uint32_t address, std::uint32_t m0, std::uint32_t m1,
                                                        std::uint32_t m2, std::uint32_t m3) {
    FM_SM90A_ASM("stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%0], {%1,%2,%3,%4};" ::"r"(address), "r"(m0), "r"(m1),
                 "r"(m2), "r"(m3));
}

#undef FM_SM90A_ASM

}  // namespace fm::kernels::cuda::lightning
