// Gated DeltaNet (reference/kernels.md 1.4, 1.5, 1.10).
//   S <- exp(g_t) S ;  u_t = beta_t (v_t - k_t S) ;  S <- S + k_t^T u_t ;  o_t = scale * q_t S
// q and k arrive l2-normalised. Controls: g_BTH (log decay, <= 0) and beta_BTH (write strength), both trained.
#pragma once

#include "core/ops/recurrence_kind.h"

namespace fm {

const Recurrence& gdnRecurrence();
const RecurrenceKind& gdnKind();

// Its implementations that need no plug-in: kernels/cpu/gdn.h, ATen in chunks of 64, and kernels/cpu/gdn_ref.h.
RecurrenceKernels gdnCpuKernels();
RecurrenceKernels gdnChunkedKernels();
RecurrenceKernels gdnReferenceKernels();

}  // namespace fm
