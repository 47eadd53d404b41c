// Linear attention with one fixed decay per head (Lightning, RetNet; reference/kernels.md 1.2).
//   S <- exp(log_decay_h) S + k_t^T v_t ;  o_t = scale * q_t S
// Control: log_decay_H (<= 0), a constant.
#pragma once

#include "core/ops/recurrence_kind.h"

namespace fm {

const Recurrence& lightningRecurrence();
const RecurrenceKind& lightningKind();

// Its implementations that need no plug-in: kernels/cpu/lightning.h, ATen in chunks of 64, and
// kernels/cpu/lightning_ref.h.
RecurrenceKernels lightningCpuKernels();
RecurrenceKernels lightningChunkedKernels();
RecurrenceKernels lightningReferenceKernels();

}  // namespace fm
