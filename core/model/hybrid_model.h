// Teacher weights + branches + plan, runnable: whole sequences and cached decoding. An all-full plan is the teacher.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "core/formats/tokenizer.h"
#include "core/model/blocks.h"
#include "core/model/branch.h"
#include "core/model/decoder_weights.h"
#include "core/plan/plan.h"

namespace fm {

// Refers to weights owned elsewhere. `branches` may be null for an all-full plan.
struct HybridModel {
    const DecoderWeights* weights = nullptr;
    const BranchSet* branches = nullptr;
    Plan plan;
};
HybridModel teacherModel(const DecoderWeights& weights);

struct DecodeState {
    std::vector<KvCache> kv;             // used by full layers
    std::vector<BranchState> recurrent;  // used by linear layers
    std::int64_t position = 0;
    std::int64_t kvBytes() const;     // of the tokens held, not of the capacity
    std::int64_t stateBytes() const;  // 0 before the first token
};
DecodeState makeDecodeState(const HybridModel& model, std::int64_t batch, std::int64_t capacity);

// Residual stream after the last layer, before the final norm. ids_BT is int64 on the weights' device.
// With `state`: the tokens continue at state->position, which moves on. `rope` covers every position used. Without a
// gradient being recorded, prefer to call it under c10::NoGradGuard: it then works in place where it can.
at::Tensor forwardHidden(const HybridModel& model, const at::Tensor& ids_BT, const Rope& rope,
                         DecodeState* state = nullptr);

// One layer of the above: residual in, residual out. The unit that plan search caches.
at::Tensor forwardLayer(const HybridModel& model, std::int64_t layer, LayerKind kind, const at::Tensor& hidden_BTD,
                        const Rope& rope, DecodeState* state = nullptr);

at::Tensor embed(const DecoderWeights& weights, const at::Tensor& ids_BT);

// Final norm and head; rows are any leading shape. fp32 result.
at::Tensor logitsFromHidden(const DecoderWeights& weights, const at::Tensor& hidden_ND);
// Rows whose logits may be alive at once: bounds memory at large vocabularies.
std::int64_t logitRowsAtOnce(const ModelConfig& config);

// Greedy continuation of one prompt until an end token (not part of the result) or `max_new` tokens. `on_token` may be
// empty and may throw. Throws InputError when the prompt is empty, holds an id outside the vocabulary, or does not fit
// the model's context together with `max_new`.
std::vector<TokenId> generateGreedy(const HybridModel& model, const std::vector<TokenId>& prompt, std::int64_t max_new,
                                    const std::vector<std::int64_t>& stop_ids,
                                    const std::function<void(TokenId)>& on_token = {});

}  // namespace fm
