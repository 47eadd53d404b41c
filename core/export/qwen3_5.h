// Target "qwen3_5": the `qwen3_5_text` class of transformers, for teachers shaped like Qwen3. export.md 3.
#pragma once

#include "core/export/export_draft.h"

namespace fm {

// Whether the format holds this hybrid, without measured errors.
Verdict judgeQwen3_5(const HybridModel& hybrid);

// config.json and tensors. Only for hybrids that judgeQwen3_5 does not refuse.
ExportDraft draftQwen3_5(const HybridModel& hybrid, DType dtype);

}  // namespace fm
