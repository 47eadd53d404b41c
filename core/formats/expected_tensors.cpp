// What a decoder of a config must have, and how a checkpoint differs from it.
#include <algorithm>
#include <set>

#include "core/formats/checkpoint.h"
#include "core/formats/format_error.h"

namespace fm {
namespace {

std::string shapeText(const std::vector<std::int64_t>& shape) {
    std::string text = "[";
    for (const std::int64_t dim : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(dim);
    return text + "]";
}

void addLayer(const ModelConfig& config, std::int64_t layer, std::vector<ExpectedTensor>& out) {
    const std::string prefix = "model.layers." + std::to_string(layer) + ".";
    const std::int64_t width = config.hidden_size;
    const std::int64_t q_rows = config.num_heads * config.head_dim;
    const std::int64_t kv_rows = config.num_kv_heads * config.head_dim;
    const auto add = [&](const char* name, std::vector<std::int64_t> shape) {
        out.push_back({prefix + name, std::move(shape)});
    };
    add("input_layernorm.weight", {width});
    add("self_attn.q_proj.weight", {q_rows, width});
    add("self_attn.k_proj.weight", {kv_rows, width});
    add("self_attn.v_proj.weight", {kv_rows, width});
    add("self_attn.o_proj.weight", {width, q_rows});
    if (config.qkv_bias) {
        add("self_attn.q_proj.bias", {q_rows});
        add("self_attn.k_proj.bias", {kv_rows});
        add("self_attn.v_proj.bias", {kv_rows});
    }
    if (config.qk_norm) {
        add("self_attn.q_norm.weight", {config.head_dim});
        add("self_attn.k_norm.weight", {config.head_dim});
    }
    add("post_attention_layernorm.weight", {width});
    add("mlp.gate_proj.weight", {config.intermediate_size, width});
    add("mlp.up_proj.weight", {config.intermediate_size, width});
    add("mlp.down_proj.weight", {width, config.intermediate_size});
}

bool isWeightType(DType dtype) {
    return dtype == DType::F64 || dtype == DType::F32 || dtype == DType::F16 || dtype == DType::BF16 ||
           blockElements(dtype) > 1;
}

// Some exporters store the head of a tied model once more; that is no contradiction as long as it is the embedding.
bool isCopyOfEmbedding(const Checkpoint& checkpoint, const TensorView& tensor) {
    if (!checkpoint.config().tie_embeddings || tensor.name != "lm_head.weight") return false;
    const TensorView* embedding = checkpoint.find("model.embed_tokens.weight");
    return embedding != nullptr && embedding->dtype == tensor.dtype && embedding->shape == tensor.shape &&
           std::equal(embedding->bytes.begin(), embedding->bytes.end(), tensor.bytes.begin(), tensor.bytes.end());
}

}  // namespace

std::vector<ExpectedTensor> expectedTensors(const ModelConfig& config) {
    std::vector<ExpectedTensor> expected;
    expected.push_back({"model.embed_tokens.weight", {config.vocab_size, config.hidden_size}});
    for (std::int64_t layer = 0; layer < config.num_layers; ++layer) addLayer(config, layer, expected);
    expected.push_back({"model.norm.weight", {config.hidden_size}});
    if (!config.tie_embeddings) expected.push_back({"lm_head.weight", {config.vocab_size, config.hidden_size}});
    return expected;
}

std::vector<std::string> accountForTensors(const Checkpoint& checkpoint) {
    std::vector<std::string> problems;
    std::set<std::string> expected_names;
    for (const ExpectedTensor& expected : expectedTensors(checkpoint.config())) {
        expected_names.insert(expected.name);
        const TensorView* found = checkpoint.find(expected.name);
        if (found == nullptr) {
            problems.push_back("missing: " + expected.name + " " + shapeText(expected.shape));
        } else if (found->shape != expected.shape) {
            problems.push_back("misshaped: " + expected.name + " is " + shapeText(found->shape) + ", must be " +
                               shapeText(expected.shape));
        } else if (!isWeightType(found->dtype)) {
            problems.push_back("mistyped: " + expected.name + " is " + toString(found->dtype) +
                               ", must be a float or quantised type");
        }
    }
    for (const TensorView& tensor : checkpoint.tensors()) {
        // A GGUF tensor may bear the HF name of another one; only the one that find() gives is used.
        const bool used = expected_names.contains(tensor.name) && checkpoint.find(tensor.name) == &tensor;
        if (used || isCopyOfEmbedding(checkpoint, tensor)) continue;
        const bool untied = checkpoint.config().tie_embeddings && tensor.name == "lm_head.weight";
        problems.push_back("unused: " + quoted(tensor.name) + " " + shapeText(tensor.shape) +
                           (untied ? ", but the config ties the head to the embedding and they differ" : ""));
    }
    return problems;
}

}  // namespace fm
