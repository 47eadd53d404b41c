// Speed and correctness of the CPU recurrences, on one thread. Reference: kernels.md 4, issue targets in README.
#pragma once

#include <string>
#include <vector>

#include "core/run/field_list.h"

namespace fm::cli {

struct KernelBenchSpec {
    int tokens = 2048;
    int heads = 4;
    int dim = 64;
    double seconds = 0.5;
    bool check = false;

    template <class Self, class Visitor>
    static void forEachField(Self& self, Visitor&& visit) {
        visit(self.tokens, FieldInfo{"tokens", "tokens", "length of the one sequence", 1, 65536});
        visit(self.heads, FieldInfo{"heads", "heads", "heads of the sequence", 1, 256});
        visit(self.dim, FieldInfo{"dim", "", "width of keys and of values in each head", 1, 256});
        visit(self.seconds, FieldInfo{"seconds", "s", "time spent on each measurement", 0.001, 60});
        visit(self.check,
              FieldInfo{"check", "", "also compare outputs and gradients with float64, and fail if they differ"});
    }
};

struct KernelTiming {
    std::string kernel;            // "gdn_forward", "gdn_backward", "gdn_decode", "lightning_forward", ...
    std::string path;              // "scalar", "avx2", "avx512", or "aten" for the chunked form without own kernels
    double us_per_token_head = 0;  // median
};

struct KernelError {
    std::string kernel;
    std::string path;
    double relative_error = 0;  // norm of the difference over norm of the float64 result, worst output
    double allowed = 0;
};

// Every path this processor has, then the ATen form. Leaves the kernel path as it was.
std::vector<KernelTiming> timeKernels(const KernelBenchSpec& spec);

// Outputs and gradients of every path against the chunked form in float64, at lengths 1, 63, 64, 65 and 193.
std::vector<KernelError> checkKernels(const KernelBenchSpec& spec);

}  // namespace fm::cli
