// Warp-wide matrix products and asynchronous copies as inline PTX, for sm_80 and later. What touches shared memory is
// volatile, which keeps it between barriers. Stores do not clobber memory, so that loads of tables may move past them;
// ldmatrix does, since loads moved up past it cost registers.
#pragma once

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <cstdint>

namespace fm::kernels::cuda::lightning {

__device__ __forceinline__ std::uint32_t sharedAddress(const void* pointer) {
    return static_cast<std::uint32_t>(__cvta_generic_to_shared(pointer));
}

// Starts a copy of 16 bytes to shared memory; OrZero writes zeros, and does not read `source`, unless `valid`.
__device__ __forceinline__ void copyAsync16(std::uint32_t target, const void* source) {
    asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16;" ::"r"(target), "l"(source));
}
__device__ __forceinline__ void copyAsync16OrZero(std::uint32_t target, const void* source, bool valid) {
    const int bytes = valid ? 16 : 0;
    asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;" ::"r"(target), "l"(source), "r"(bytes));
}
__device__ __forceinline__ void commitCopies() { asm volatile("cp.async.commit_group;"); }
// Until at most kPending of this thread's newest groups are under way.
template <int kPending>
__device__ __forceinline__ void awaitCopies() {
    asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
}

// Four 8x8 bf16 matrices; lane l gives the address of row l % 8 of matrix l / 8. Lane l receives, of every matrix,
// row l / 4, columns 2 (l % 4) and the next (transposed: column l / 4, rows 2 (l % 4) and the next).
__device__ __forceinline__ void loadMatrices(std::uint32_t (&r)[4], std::uint32_t address) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(address)
                 : "memory");
}
__device__ __forceinline__ void loadMatricesTransposed(std::uint32_t (&r)[4], std::uint32_t address) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(address)
                 : "memory");
}

// d += a b with a 16x16 and b 16x8. Lane l holds of d: row l / 4 (d[0], d[1]) and 8 further down (d[2], d[3]),
// columns 2 (l % 4) and the next. Not volatile, so that the compiler may move loads across products.
__device__ __forceinline__ void multiplyAdd(float (&d)[4], const std::uint32_t (&a)[4], std::uint32_t b0,
                                            std::uint32_t b1) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

__device__ __forceinline__ std::uint32_t packBf16(float low, float high) {
    std::uint32_t packed;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(packed) : "f"(high), "f"(low));
    return packed;
}
__device__ __forceinline__ float lowBf16(std::uint32_t packed) { return __uint_as_float(packed << 16); }
__device__ __forceinline__ float highBf16(std::uint32_t packed) { return __uint_as_float(packed & 0xffff0000u); }

// A pair of factors as sums of two bf16 each, and a pair of bf16 times them: nearly as exact as a product in fp32 that
// is rounded once, in two instructions.
struct Bf16PairFactor {
    std::uint32_t high;
    std::uint32_t low;
};
__device__ __forceinline__ Bf16PairFactor splitFactors(float x, float y) {
    const std::uint32_t high = packBf16(x, y);
    return {high, packBf16(x - lowBf16(high), y - highBf16(high))};
}
__device__ __forceinline__ std::uint32_t scalePair(std::uint32_t v, Bf16PairFactor factor) {
    constexpr std::uint32_t kMinusZeros = 0x80008000u;
    std::uint32_t low_product, product;
    asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(low_product) : "r"(v), "r"(factor.low), "r"(kMinusZeros));
    asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(product) : "r"(v), "r"(factor.high), "r"(low_product));
    return product;
}

__device__ __forceinline__ float exp2Fast(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

__device__ __forceinline__ void storeShared32(std::uint32_t address, std::uint32_t value) {
    asm volatile("st.shared.b32 [%0], %1;" ::"r"(address), "r"(value));
}

__device__ __forceinline__ uint4 loadShared128(std::uint32_t address) {
    uint4 value;
    asm volatile("ld.shared.v4.b32 {%0,%1,%2,%3}, [%4];"
                 : "=r"(value.x), "=r"(value.y), "=r"(value.z), "=r"(value.w)
                 : "r"(address));
    return value;
}
__device__ __forceinline__ void storeShared128(std::uint32_t address, float4 value) {
    asm volatile("st.shared.v4.f32 [%0], {%1,%2,%3,%4};" ::"r"(address), "f"(value.x), "f"(value.y), "f"(value.z),
                 "f"(value.w));
}

}  // namespace fm::kernels::cuda::lightning
