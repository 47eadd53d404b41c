// The instructions of sm_90 that the GDN kernels use, each as one function: everything that is not plain CUDA C++, but
// for the asynchronous products (gdn_products.cuh).
#pragma once

#include <cuda.h>
#include <cuda_runtime.h>

#include <cstdint>

namespace fm::kernels::cuda {

// A byte address in shared memory, as ldmatrix and cp.async take it.
using SharedAddress = std::uint32_t;

// A 16 x 16 block of bf16, two of them in each register. As the left operand of a product: lane l holds row l/4,
// columns 2(l%4) and +1 in r[0], eight rows further in r[1], eight columns further in r[2], both in r[3].
struct Fragment {
    std::uint32_t r[4];
};

__device__ __forceinline__ SharedAddress sharedAddress(const void* pointer) {
    return static_cast<SharedAddress>(__cvta_generic_to_shared(pointer));
}

// Four 8 x 8 blocks, each transposed; lane l names the 16-byte row l%8 of block l/8. Volatile, since it must stay
// between barriers.
__device__ __forceinline__ Fragment loadMatrixTransposed(SharedAddress row) {
    Fragment f;
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(f.r[0]), "=r"(f.r[1]), "=r"(f.r[2]), "=r"(f.r[3])
                 : "r"(row));
    return f;
}

// The 8 x 8 block of bf16 spread over the warp, transposed.
__device__ __forceinline__ std::uint32_t transpose8x8(std::uint32_t block) {
    std::uint32_t result;
    asm("movmatrix.sync.aligned.m8n8.trans.b16 %0, %1;" : "=r"(result) : "r"(block));
    return result;
}

// c[16 x 8] += a[16 x 8] b[8 x 8] in tf32. Lane l holds c at row l/4, columns 2(l%4) and +1 in c[0] and c[1], eight
// rows further in c[2] and c[3]; a at row l/4, column l%4 in a[0], eight rows further in a[1], four columns further in
// a[2], both in a[3]; b at column l/4, row l%4 in b0, four rows further in b1.
__device__ __forceinline__ void multiplyTf32(float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0,
                                             std::uint32_t b1) {
    asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// Rounds to tf32: the instruction leaves out the lower 13 bits. Not for infinities and NaN.
__device__ __forceinline__ std::uint32_t toTf32(float x) { return __float_as_uint(x) + 0x1000; }

// low lies in the lower half of the register, thus first in memory.
__device__ __forceinline__ std::uint32_t packBf16(float low, float high) {
    std::uint32_t result;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(result) : "f"(high), "f"(low));
    return result;
}

__device__ __forceinline__ float2 unpackBf16(std::uint32_t pair) {
    return {__uint_as_float(pair << 16), __uint_as_float(pair & 0xffff0000U)};
}

__device__ __forceinline__ float exp2Fast(float x) {
    float result;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
    return result;
}

__device__ __forceinline__ void storeShared32(SharedAddress to, std::uint32_t value) {
    asm volatile("st.shared.b32 [%0], %1;" ::"r"(to), "r"(value));
}

__device__ __forceinline__ void storeShared128(SharedAddress to, uint4 value) {
    asm volatile("st.shared.v4.b32 [%0], {%1,%2,%3,%4};" ::"r"(to), "r"(value.x), "r"(value.y), "r"(value.z),
                 "r"(value.w));
}

__device__ __forceinline__ uint4 loadShared128(SharedAddress from) {
    uint4 value;
    asm volatile("ld.shared.v4.b32 {%0,%1,%2,%3}, [%4];"
                 : "=r"(value.x), "=r"(value.y), "=r"(value.z), "=r"(value.w)
                 : "r"(from));
    return value;
}

// Four 8 x 8 blocks, each transposed; lane l names where the 16-byte row l%8 of block l/8 goes.
__device__ __forceinline__ void storeMatrixTransposed(SharedAddress row, const Fragment& f) {
    asm volatile("stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%0], {%1,%2,%3,%4};" ::"r"(row), "r"(f.r[0]),
                 "r"(f.r[1]), "r"(f.r[2]), "r"(f.r[3]));
}

// One access; written as a plain assignment it may be taken apart.
__device__ __forceinline__ void storeGlobal128(void* to, uint4 value) {
    asm volatile("st.global.v4.b32 [%0], {%1,%2,%3,%4};" ::"l"(__cvta_generic_to_global(to)), "r"(value.x),
                 "r"(value.y), "r"(value.z), "r"(value.w)
                 : "memory");
}

// Volatile, so that the compiler keeps no more of them in flight than the program has registers for.
__device__ __forceinline__ uint4 loadGlobal128(const void* from) {
    uint4 value;
    asm volatile("ld.global.nc.L1::no_allocate.v4.b32 {%0,%1,%2,%3}, [%4];"
                 : "=r"(value.x), "=r"(value.y), "=r"(value.z), "=r"(value.w)
                 : "l"(__cvta_generic_to_global(from)));
    return value;
}

// Brings a line to the second-level cache.
__device__ __forceinline__ void prefetchGlobal(const void* from) {
    asm volatile("prefetch.global.L2 [%0];" ::"l"(__cvta_generic_to_global(from)));
}

// A barrier in shared memory that bulk copies arrive at; one thread announces the bytes of each phase.
__device__ __forceinline__ void initCopyBarrier(SharedAddress barrier) {
    asm volatile("mbarrier.init.shared.b64 [%0], 1;" ::"r"(barrier));
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}

__device__ __forceinline__ void expectCopies(SharedAddress barrier, int bytes) {
    asm volatile("mbarrier.arrive.expect_tx.shared.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes) : "memory");
}

// Waits for the end of a phase; phases are numbered 0, 1, 0, 1, ...
__device__ __forceinline__ void waitForPhase(SharedAddress barrier, int phase) {
    asm volatile(
        "{.reg .pred done;\n"
        "again: mbarrier.try_wait.parity.shared.b64 done, [%0], %1;\n"
        "@!done bra again;}" ::"r"(barrier),
        "r"(phase)
        : "memory");
}

// Both multiples of 16 bytes.
__device__ __forceinline__ void copyBulk(SharedAddress to, const void* from, int bytes, SharedAddress barrier) {
    asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(to),
                 "l"(__cvta_generic_to_global(from)), "r"(bytes), "r"(barrier)
                 : "memory");
}

// A box of a four-dimensional tensor, the innermost coordinate first.
__device__ __forceinline__ void copyBox(SharedAddress to, const CUtensorMap& map, int x0, int x1, int x2, int x3,
                                        SharedAddress barrier) {
    asm volatile(
        "cp.async.bulk.tensor.4d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%3,%4,%5,%6}], "
        "[%2];" ::"r"(to),
        "l"(&map), "r"(barrier), "r"(x0), "r"(x1), "r"(x2), "r"(x3)
        : "memory");
}

// Starts a copy of 16 bytes; if not valid, `from` is not read and zeros are written.
__device__ __forceinline__ void copyAsync16(SharedAddress to, const void* from, bool valid) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(__cvta_generic_to_global(from)),
                 "r"(valid ? 16 : 0));
}

__device__ __forceinline__ void commitCopies() { asm volatile("cp.async.commit_group;"); }

// Waits until at most `pending` of the groups committed by this thread are under way.
template <int pending>
__device__ __forceinline__ void waitForCopies() {
    asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
}

}  // namespace fm::kernels::cuda
