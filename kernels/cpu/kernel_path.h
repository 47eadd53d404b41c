// Which instruction set the CPU kernels run on, chosen once at run time.
#pragma once

namespace fm::kernels {

enum class KernelPath { Scalar, Avx2, Avx512 };
const char* toString(KernelPath path);

// The best path of this processor, or the one forced by setKernelPath(). Thread-safe.
KernelPath kernelPath();

// Forces a path, for tests and benchmarks. False (and no change) when the processor lacks it.
bool setKernelPath(KernelPath path);

}  // namespace fm::kernels
