// How a kind of recurrence becomes operators.
#pragma once

#include <torch/library.h>

#include "core/ops/recurrence_kind.h"

namespace fm {

// Schemas, the CPU's kernels, the chunked form for every other device and under its own name, and autograd. GPU kernels
// come from the plug-in, under the CUDA key. To be called from a TORCH_LIBRARY_FRAGMENT that stands beside a function
// that users of the kind call: the linker drops initialisers of files that nothing refers to.
void registerRecurrence(torch::Library& library, const RecurrenceKind& kind);

}  // namespace fm
