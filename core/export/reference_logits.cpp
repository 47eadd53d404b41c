#include "core/export/reference_logits.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>

#include "core/base/error.h"
#include "core/formats/format_error.h"
#include "core/model/branch_cast.h"
#include "core/model/tensor_bytes.h"

namespace fm {
namespace {

constexpr std::int64_t kSequences = 2;
// Two and a half chunks of the recurrences: an error that only shows when a state is carried on shows here.
constexpr std::int64_t kTokensAtLeast = 160;
// Weights x tokens of a sequence that a few seconds of float64 on two cores bear.
constexpr double kAffordable = 6e10;
constexpr std::int64_t kKeptPositions = 4;

double countWeights(DecoderWeights weights) {  // of tensors it shares
    double count = 0;
    forEachTensor(weights, [&count](const std::string&, const at::Tensor& tensor) {
        count += static_cast<double>(tensor.numel());
    });
    return count;
}

// As long as the probes that judged the hybrid, as far as that is affordable.
std::int64_t sequenceTokens(const DecoderWeights& weights, std::int64_t probe_tokens) {
    const double affordable = kAffordable / countWeights(weights);
    const auto longest = static_cast<std::int64_t>(std::min(affordable, 1e9));
    const std::int64_t tokens = std::max(kTokensAtLeast, std::min(probe_tokens, longest));
    const std::int64_t context = weights.config.max_position;
    return context > 0 ? std::min(tokens, context) : tokens;
}

// The first sequence is noise; the second repeats its first half, so that layers that look back have work to do.
at::Tensor fixedIds(const ModelConfig& config, std::int64_t tokens) {
    at::Tensor ids_BT = at::empty({kSequences, tokens}, at::TensorOptions(at::kLong));
    std::int64_t* const ids = ids_BT.mutable_data_ptr<std::int64_t>();
    std::uint64_t state = 0x9e3779b97f4a7c15ull;
    for (std::int64_t i = 0; i < kSequences * tokens; ++i) {
        state = state * 6364136223846793005ull + 1442695040888963407ull;  // Knuth's MMIX generator
        ids[i] = static_cast<std::int64_t>((state >> 33) % static_cast<std::uint64_t>(config.vocab_size));
    }
    for (std::int64_t t = tokens / 2; t < tokens; ++t) ids[tokens + t] = ids[tokens + t - tokens / 2];
    return ids_BT;
}

at::Tensor wide(const at::Tensor& tensor) {
    return tensor.defined() ? tensor.detach().to(at::kCPU, at::kDouble) : tensor;
}

LayerWeights wideLayer(const LayerWeights& layer) {
    const auto linear = [](const Linear& l) { return Linear{wide(l.weight_OI), wide(l.bias_O)}; };
    const AttentionWeights& attn = layer.attn;
    return {wide(layer.attn_norm_D),
            {linear(attn.q), linear(attn.k), linear(attn.v), linear(attn.o), wide(attn.q_norm_d), wide(attn.k_norm_d)},
            wide(layer.mlp_norm_D),
            {wide(layer.mlp.gate_ID), wide(layer.mlp.up_ID), wide(layer.mlp.down_DI)}};
}

at::Tensor throughLayer(const HybridModel& hybrid, std::size_t index, const at::Tensor& hidden_BTD, const Rope& rope) {
    const LayerKind kind = hybrid.plan.kinds[index];
    DecoderWeights weights;
    weights.config = hybrid.weights->config;
    weights.config.num_layers = 1;
    weights.layers = {wideLayer(hybrid.weights->layers[index])};
    weights.embed_VD = hidden_BTD;  // of the right precision and place; a layer does not read it
    BranchSet branches;
    if (kind == LayerKind::Linear) {
        branches.spec = hybrid.branches->spec;
        branches.layers = {hybrid.branches->layers[index]};
        branches = castBranches(branches, at::kCPU, at::kDouble);
    }
    Plan plan;
    plan.kinds = {kind};
    return forwardLayer({&weights, &branches, plan}, 0, kind, hidden_BTD, rope);
}

std::string numberText(double value) {
    char text[32];
    const std::to_chars_result end = std::to_chars(text, text + sizeof text, value);
    return std::string(text, end.ptr);
}

double numberOf(const SafetensorsFile& file, const char* key, const std::string& path) {
    const auto found = file.metadata().find(key);
    if (found == file.metadata().end()) failFormat(path, "metadata " + quoted(key), "is missing");
    double value = 0;
    const char* const end = found->second.data() + found->second.size();
    const std::from_chars_result result = std::from_chars(found->second.data(), end, value);
    if (result.ec != std::errc() || result.ptr != end) {
        failFormat(path, "metadata " + quoted(key), "is not a number");
    }
    return value;
}

at::Tensor tensorOf(const SafetensorsFile& file, const char* name, DType dtype, std::size_t dims,
                    const std::string& path) {
    const TensorView* view = file.find(name);
    if (view == nullptr) failFormat(path, "tensor " + quoted(name), "is missing");
    if (view->dtype != dtype || view->shape.size() != dims || view->elements() == 0) {
        failFormat(path, "tensor " + quoted(name), "has another type or shape than a reference has");
    }
    return tensorFromView(*view, path);
}

void checkReference(const ReferenceLogits& reference, std::int64_t vocab, const std::string& path) {
    const at::Tensor& ids = reference.ids_BT;
    const at::Tensor& logits = reference.logits_BPV;
    if (logits.size(0) != ids.size(0) || logits.size(1) > ids.size(1) || logits.size(2) != vocab ||
        reference.greedy_BT.sizes() != ids.sizes()) {
        failFormat(path, "tensor \"logits\"", "does not fit the token ids or the model's vocabulary");
    }
    if (ids.min().item<std::int64_t>() < 0 || ids.max().item<std::int64_t>() >= vocab) {
        failFormat(path, "tensor \"ids\"", "holds an id outside the model's vocabulary");
    }
}

}  // namespace

ReferenceLogits hybridReference(const HybridModel& hybrid, std::int64_t probe_tokens) {
    const c10::NoGradGuard no_grad;
    const DecoderWeights& weights = *hybrid.weights;
    ReferenceLogits reference;
    reference.ids_BT = fixedIds(weights.config, sequenceTokens(weights, probe_tokens));
    const std::int64_t tokens = reference.ids_BT.size(1);
    const Rope rope = makeRope(weights.config, tokens, at::kCPU, at::kDouble);
    at::Tensor hidden_BTD = wide(at::embedding(weights.embed_VD, reference.ids_BT.to(weights.embed_VD.device())));
    for (std::size_t i = 0; i < weights.layers.size(); ++i) hidden_BTD = throughLayer(hybrid, i, hidden_BTD, rope);
    DecoderWeights last;
    last.config = weights.config;
    last.final_norm_D = wide(weights.final_norm_D);
    last.head_VD = last.embed_VD = wide(weights.head_VD);
    const at::Tensor logits_BTV = logitsFromHidden(last, hidden_BTD);
    const std::int64_t kept = std::min(kKeptPositions, tokens);
    reference.logits_BPV = logits_BTV.narrow(1, tokens - kept, kept).to(at::kFloat).contiguous();
    reference.greedy_BT = logits_BTV.argmax(-1).contiguous();
    return reference;
}

LogitError compareLogits(const ReferenceLogits& reference, const at::Tensor& logits_BTV) {
    const std::int64_t kept = reference.logits_BPV.size(1);
    const at::Tensor expected_BPV = reference.logits_BPV.to(at::kDouble);
    const at::Tensor found_BPV = logits_BTV.narrow(1, logits_BTV.size(1) - kept, kept).to(at::kDouble);
    LogitError error;
    error.greedy_agreement = logits_BTV.argmax(-1).eq(reference.greedy_BT).to(at::kDouble).mean().item<double>();
    if (!found_BPV.isfinite().all().item<bool>() || !expected_BPV.isfinite().all().item<bool>()) {
        error.max_abs = std::numeric_limits<double>::infinity();
        error.cosine = -1;
        return error;
    }
    error.max_abs = (found_BPV - expected_BPV).abs().max().item<double>();
    error.cosine = at::cosine_similarity(found_BPV, expected_BPV, -1).min().item<double>();
    return error;
}

void writeReference(const ReferenceLogits& reference, const std::string& folder) {
    const LogitError& recorded = reference.recorded.value();
    writeSafetensors((std::filesystem::path(folder) / kReferenceFile).string(),
                     {describeTensor("ids", reference.ids_BT), describeTensor("logits", reference.logits_BPV),
                      describeTensor("greedy", reference.greedy_BT)},
                     {{"recorded_max_abs", numberText(recorded.max_abs)},
                      {"recorded_cosine", numberText(recorded.cosine)},
                      {"recorded_greedy_agreement", numberText(recorded.greedy_agreement)}});
}

ReferenceLogits readReference(const std::string& folder, std::int64_t vocab) {
    const std::string path = (std::filesystem::path(folder) / kReferenceFile).string();
    if (!std::filesystem::exists(path)) {
        throw InputError({"folder", folder, std::string("an export that holds ") + kReferenceFile});
    }
    const SafetensorsFile file = SafetensorsFile::open(path);
    ReferenceLogits reference;
    reference.ids_BT = tensorOf(file, "ids", DType::I64, 2, path);
    reference.logits_BPV = tensorOf(file, "logits", DType::F32, 3, path);
    reference.greedy_BT = tensorOf(file, "greedy", DType::I64, 2, path);
    reference.recorded = LogitError{numberOf(file, "recorded_max_abs", path), numberOf(file, "recorded_cosine", path),
                                    numberOf(file, "recorded_greedy_agreement", path)};
    checkReference(reference, vocab, path);
    return reference;
}

}  // namespace fm
