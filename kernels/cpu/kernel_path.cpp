#include "kernels/cpu/kernel_path.h"

#include <atomic>

#include "kernels/cpu/kernel_table.h"

namespace fm::kernels {
namespace {

bool isSupported(KernelPath path) {
    // The same extensions as the compile options in CMakeLists.txt name, no more and no fewer.
    switch (path) {
        case KernelPath::Scalar:
            return true;
        case KernelPath::Avx2:
            return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
        case KernelPath::Avx512:
            return isSupported(KernelPath::Avx2) && __builtin_cpu_supports("avx512f") &&
                   __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                   __builtin_cpu_supports("avx512bw");
    }
    return false;
}

KernelPath bestPath() {
    if (isSupported(KernelPath::Avx512)) return KernelPath::Avx512;
    if (isSupported(KernelPath::Avx2)) return KernelPath::Avx2;
    return KernelPath::Scalar;
}

std::atomic<KernelPath>& chosenPath() {
    static std::atomic<KernelPath> path{bestPath()};
    return path;
}

}  // namespace

const char* toString(KernelPath path) {
    switch (path) {
        case KernelPath::Scalar:
            return "scalar";
        case KernelPath::Avx2:
            return "avx2";
        case KernelPath::Avx512:
            return "avx512";
    }
    return "unknown";
}

KernelPath kernelPath() { return chosenPath().load(std::memory_order_relaxed); }

bool setKernelPath(KernelPath path) {
    if (!isSupported(path)) return false;
    chosenPath().store(path, std::memory_order_relaxed);
    return true;
}

const KernelTable& currentKernels() {
    switch (kernelPath()) {
        case KernelPath::Avx512:
            return kAvx512Kernels;
        case KernelPath::Avx2:
            return kAvx2Kernels;
        case KernelPath::Scalar:
            break;
    }
    return kScalarKernels;
}

}  // namespace fm::kernels
