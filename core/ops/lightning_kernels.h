// The implementations of Lightning that need no plug-in. Backward needs nothing from the forward but its inputs.
#pragma once

#include "core/ops/recurrence_kind.h"

namespace fm {

RecurrenceKernels lightningCpuKernels();        // kernels/cpu/lightning.h
RecurrenceKernels lightningChunkedKernels();    // kernels.md 1.2 in chunks of 64 through ATen
RecurrenceKernels lightningReferenceKernels();  // kernels/cpu/lightning_ref.h

}  // namespace fm
