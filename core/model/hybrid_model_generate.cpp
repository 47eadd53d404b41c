#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/model/hybrid_model.h"

namespace fm {

namespace {

void checkRequest(const ModelConfig& config, const std::vector<TokenId>& prompt, std::int64_t max_new) {
    std::vector<Problem> problems;
    if (prompt.empty()) problems.push_back({"prompt", "no tokens", "at least one token"});
    for (const TokenId id : prompt) {
        if (id >= 0 && id < config.vocab_size) continue;
        problems.push_back({"prompt", std::to_string(id), "token ids below " + std::to_string(config.vocab_size)});
        break;
    }
    const std::int64_t total = static_cast<std::int64_t>(prompt.size()) + max_new;
    if (config.max_position > 0 && total > config.max_position) {
        problems.push_back({"max_new", std::to_string(prompt.size()) + " + " + std::to_string(max_new) + " tokens",
                            "prompt and answer together at most " + std::to_string(config.max_position) + " tokens"});
    }
    if (!problems.empty()) throw InputError(std::move(problems));
}

}  // namespace

std::vector<TokenId> generateGreedy(const HybridModel& model, const std::vector<TokenId>& prompt, std::int64_t max_new,
                                    const std::vector<std::int64_t>& stop_ids,
                                    const std::function<void(TokenId)>& on_token) {
    const DecoderWeights& weights = *model.weights;
    checkRequest(weights.config, prompt, max_new);
    const c10::NoGradGuard no_grad;
    const at::Device device = weights.embed_VD.device();
    const at::ScalarType rope_dtype = weights.embed_VD.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
    const std::int64_t capacity = static_cast<std::int64_t>(prompt.size()) + max_new;
    const Rope rope = makeRope(weights.config, capacity, device, rope_dtype);
    DecodeState state = makeDecodeState(model, 1, capacity);

    const std::vector<std::int64_t> prompt_ids(prompt.begin(), prompt.end());
    at::Tensor ids_BT = at::tensor(prompt_ids, at::TensorOptions(at::kLong)).unsqueeze(0).to(device);
    std::vector<TokenId> answer;
    while (static_cast<std::int64_t>(answer.size()) < max_new) {
        const at::Tensor hidden_BTD = forwardHidden(model, ids_BT, rope, &state);
        const at::Tensor logits_V = logitsFromHidden(weights, hidden_BTD.select(1, -1)).squeeze(0);
        const std::int64_t id = logits_V.argmax().item<std::int64_t>();
        if (std::find(stop_ids.begin(), stop_ids.end(), id) != stop_ids.end()) break;
        answer.push_back(static_cast<TokenId>(id));
        if (on_token) on_token(answer.back());
        ids_BT = at::full({1, 1}, id, at::TensorOptions(at::kLong).device(device));
    }
    return answer;
}

}  // namespace fm
