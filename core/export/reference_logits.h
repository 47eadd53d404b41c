// Logits of a hybrid on a few fixed token sequences, kept inside its export, so that the folder can be checked later
// and elsewhere on its own.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>

#include "core/export/verdict.h"
#include "core/model/hybrid_model.h"

namespace fm {

inline constexpr const char* kReferenceFile = "flashmorph_reference.safetensors";

struct ReferenceLogits {
    at::Tensor ids_BT;                   // int64
    at::Tensor logits_BPV;               // fp32, of the last P positions
    at::Tensor greedy_BT;                // int64, best token at every position
    std::optional<LogitError> recorded;  // what the export itself was off by; none while it is being made
};

// Computed by core/model in float64 on the CPU, layer by layer (one layer's weights are copied at a time). Sequences
// cross chunks of the recurrences, and are as long as `probe_tokens` where the model is small enough for that.
ReferenceLogits hybridReference(const HybridModel& hybrid, std::int64_t probe_tokens);

// `logits_BTV`: of all positions of reference.ids_BT.
LogitError compareLogits(const ReferenceLogits& reference, const at::Tensor& logits_BTV);

// `reference.recorded` is there by then.
void writeReference(const ReferenceLogits& reference, const std::string& folder);
// Throws InputError when the folder holds none, FormatError when it is damaged or not of a model with `vocab` tokens.
ReferenceLogits readReference(const std::string& folder, std::int64_t vocab);

}  // namespace fm
