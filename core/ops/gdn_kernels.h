// The implementations of Gated DeltaNet that need no plug-in.
#pragma once

#include "core/ops/recurrence_kind.h"

namespace fm {

RecurrenceKernels gdnCpuKernels();        // kernels/cpu/gdn.h
RecurrenceKernels gdnChunkedKernels();    // kernels.md 1.4 in chunks of 64 through ATen
RecurrenceKernels gdnReferenceKernels();  // kernels/cpu/gdn_ref.h

}  // namespace fm
