#include <algorithm>

#include "core/base/hash.h"
#include "core/formats/checkpoint_kinds.h"

namespace fm {
namespace {

void addNumber(Hasher& hasher, std::int64_t number) { hasher.update(&number, sizeof number); }
void addNumber(Hasher& hasher, double number) { hasher.update(&number, sizeof number); }

// With its length, so that no two lists of texts give the same bytes.
void addText(Hasher& hasher, const std::string& text) {
    addNumber(hasher, static_cast<std::int64_t>(text.size()));
    hasher.update(text.data(), text.size());
}

void addConfig(Hasher& hasher, const ModelConfig& config) {
    addText(hasher, toString(config.family));
    for (const std::int64_t size :
         {config.vocab_size, config.hidden_size, config.intermediate_size, config.num_layers, config.num_heads,
          config.num_kv_heads, config.head_dim, std::int64_t{config.qkv_bias}, std::int64_t{config.qk_norm},
          std::int64_t{config.tie_embeddings}, std::int64_t{config.rope_scaling.has_value()}}) {
        addNumber(hasher, size);
    }
    addNumber(hasher, config.rms_norm_eps);
    addNumber(hasher, config.rope_theta);
    if (!config.rope_scaling) return;
    addNumber(hasher, config.rope_scaling->factor);
    addNumber(hasher, config.rope_scaling->low_freq_factor);
    addNumber(hasher, config.rope_scaling->high_freq_factor);
    addNumber(hasher, config.rope_scaling->original_max_position);
}

}  // namespace

std::string hashOfContent(const ModelConfig& config, const std::vector<TensorView>& tensors) {
    std::vector<const TensorView*> by_name;
    by_name.reserve(tensors.size());
    for (const TensorView& tensor : tensors) by_name.push_back(&tensor);
    std::sort(by_name.begin(), by_name.end(),
              [](const TensorView* a, const TensorView* b) { return a->name < b->name; });
    Hasher hasher;
    addConfig(hasher, config);
    for (const TensorView* tensor : by_name) {
        addText(hasher, tensor->name);
        addText(hasher, toString(tensor->dtype));
        addNumber(hasher, static_cast<std::int64_t>(tensor->shape.size()));
        for (const std::int64_t dim : tensor->shape) addNumber(hasher, dim);
        hasher.update(tensor->bytes.data(), tensor->bytes.size());
    }
    return hasher.hex();
}

}  // namespace fm
