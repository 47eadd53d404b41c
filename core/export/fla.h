// Target "fla": flash-linear-attention's `gated_deltanet` hybrid, for teachers shaped like Llama. export.md 2.
#pragma once

#include "core/export/export_draft.h"

namespace fm {

// Whether the format holds this hybrid, without measured errors.
Verdict judgeFla(const HybridModel& hybrid);

// config.json and tensors. Only for hybrids that judgeFla does not refuse.
ExportDraft draftFla(const HybridModel& hybrid, DType dtype);

}  // namespace fm
