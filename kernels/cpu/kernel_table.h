// The entry points of one path. Each simd/path_*.cpp defines one table; gdn.cpp and lightning.cpp call through the
// table of kernelPath().
#pragma once

#include "kernels/cpu/gdn.h"
#include "kernels/cpu/lightning.h"

namespace fm::kernels {

struct KernelTable {
    void (*gdn_forward)(const GdnForward&, std::int64_t first_pair, std::int64_t last_pair);
    void (*gdn_backward)(const GdnBackward&, std::int64_t first_pair, std::int64_t last_pair);
    void (*gdn_decode)(const GdnDecode&, std::int64_t first_pair, std::int64_t last_pair);
    void (*lightning_forward)(const LightningForward&, std::int64_t first_pair, std::int64_t last_pair);
    void (*lightning_backward)(const LightningBackward&, std::int64_t first_pair, std::int64_t last_pair);
    void (*lightning_decode)(const LightningDecode&, std::int64_t first_pair, std::int64_t last_pair);
};

extern const KernelTable kScalarKernels;
extern const KernelTable kAvx2Kernels;
extern const KernelTable kAvx512Kernels;

const KernelTable& currentKernels();  // of kernelPath()

}  // namespace fm::kernels
