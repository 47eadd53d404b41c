// Gated linear attention: a decay for every key channel (resources/handbook/recurrences.md, "GLA").
//   S <- diag(exp(g_t)) S + k_t^T v_t ;  o_t = scale * q_t S
// Control: g_BTHk (log decay, <= 0), trained.
#pragma once

#include "core/ops/recurrence_kind.h"

namespace fm {

const Recurrence& glaRecurrence();
const RecurrenceKind& glaKind();

// Its implementations that need no plug-in: ATen in chunks of 64, and float64 token by token.
RecurrenceKernels glaChunkedKernels();
RecurrenceKernels glaReferenceKernels();

}  // namespace fm
