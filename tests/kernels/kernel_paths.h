// The instruction sets that this processor has: every kernel test runs on all of them.
#pragma once

#include <vector>

#include "kernels/cpu/kernel_path.h"

inline std::vector<fm::kernels::KernelPath> availablePaths() {
    using fm::kernels::KernelPath;
    const KernelPath before = fm::kernels::kernelPath();
    std::vector<KernelPath> paths;
    for (const KernelPath path : {KernelPath::Scalar, KernelPath::Avx2, KernelPath::Avx512}) {
        if (fm::kernels::setKernelPath(path)) paths.push_back(path);
    }
    fm::kernels::setKernelPath(before);
    return paths;
}
