#include "core/formats/gguf_config.h"

#include <array>

#include "core/formats/format_error.h"
#include "core/formats/gguf_rope_factors.h"
#include "core/formats/model_config_check.h"

namespace fm {
namespace {

// The keys of one architecture: "llama." + name.
class ArchKeys {
public:
    ArchKeys(const GgufFile& file, ModelFamily family) : file_(file), prefix_(std::string(toString(family)) + ".") {}

    std::optional<std::int64_t> integer(const std::string& name) const { return file_.integer(prefix_ + name); }
    std::optional<double> number(const std::string& name) const { return file_.number(prefix_ + name); }
    std::optional<std::string_view> text(const std::string& name) const { return file_.text(prefix_ + name); }

    std::int64_t requireInteger(const std::string& name) const {
        const std::optional<std::int64_t> value = integer(name);
        if (!value) fail(name, "is missing");
        return *value;
    }
    // A number, or an array with one number per layer that are all the same.
    std::optional<std::int64_t> perLayer(const std::string& name, std::int64_t layers) const {
        const GgufValue* value = file_.value(prefix_ + name);
        if (value == nullptr || !std::holds_alternative<GgufArray>(*value)) return integer(name);
        const GgufArray& array = std::get<GgufArray>(*value);
        const bool is_integer = array.element == GgufType::U32 || array.element == GgufType::I32;
        if (!is_integer || array.count == 0 || static_cast<std::int64_t>(array.count) != layers) {
            fail(name, "must be an integer or one 32-bit integer per layer");
        }
        for (std::size_t i = 1; i < array.count; ++i) {
            if (array.integerAt(i) != array.integerAt(0)) fail(name, "differs between layers, which is not supported");
        }
        return array.integerAt(0);
    }
    [[noreturn]] void fail(const std::string& name, const std::string& what) const {
        failFormat(file_.path(), "key " + quoted(prefix_ + name), what);
    }

private:
    const GgufFile& file_;
    std::string prefix_;
};

ModelFamily readFamily(const GgufFile& file) {
    const std::optional<std::string_view> arch = file.text("general.architecture");
    if (!arch) failFormat(file.path(), "key \"general.architecture\"", "is missing");
    for (const ModelFamily family : {ModelFamily::Llama, ModelFamily::Qwen2, ModelFamily::Qwen3}) {
        if (*arch == toString(family)) return family;
    }
    failFormat(file.path(), "key \"general.architecture\"",
               "is " + quoted(*arch) + "; llama, qwen2 and qwen3 are supported");
}

void refuseForeignFeatures(const ArchKeys& keys) {
    for (const char* name : {"expert_count", "attention.sliding_window"}) {
        if (keys.integer(name).value_or(0) != 0) keys.fail(name, "is not supported by this decoder");
    }
    const std::string_view scaling = keys.text("rope.scaling.type").value_or("none");
    if (scaling != "none") keys.fail("rope.scaling.type", "is " + quoted(scaling) + ", which is not supported");
    for (const char* name : {"rope.scale_linear", "rope.scaling.factor"}) {
        if (keys.number(name).value_or(1) != 1)
            keys.fail(name, "scales all rotary frequencies, which is not supported");
    }
}

void readHeads(const ArchKeys& keys, ModelConfig& config) {
    config.num_heads = keys.perLayer("attention.head_count", config.num_layers).value_or(0);
    config.num_kv_heads = keys.perLayer("attention.head_count_kv", config.num_layers).value_or(config.num_heads);
    const std::optional<std::int64_t> key_length = keys.integer("attention.key_length");
    if (!key_length && (config.num_heads < 1 || config.hidden_size % config.num_heads != 0)) {
        keys.fail("attention.head_count", "does not divide embedding_length, and there is no attention.key_length");
    }
    config.head_dim = key_length ? *key_length : config.hidden_size / config.num_heads;
    for (const char* name : {"attention.value_length", "rope.dimension_count"}) {
        if (keys.integer(name).value_or(config.head_dim) != config.head_dim) {
            keys.fail(name,
                      "differs from the head width " + std::to_string(config.head_dim) + ", which is not supported");
        }
    }
}

// Rows of the embedding; the model's vocabulary, whatever the tokenizer uses of it.
std::int64_t readVocabulary(const GgufFile& file, const ArchKeys& keys) {
    const TensorView* embedding = file.find("token_embd.weight");
    if (embedding == nullptr) failFormat(file.path(), "tensor \"token_embd.weight\"", "is missing");
    const std::int64_t rows = embedding->shape.front();
    if (keys.integer("vocab_size").value_or(rows) != rows) {
        keys.fail("vocab_size", "differs from the " + std::to_string(rows) + " rows of token_embd.weight");
    }
    return rows;
}

void readTokens(const GgufFile& file, ModelConfig& config) {
    config.bos_id = file.integer("tokenizer.ggml.bos_token_id").value_or(-1);
    config.pad_id = file.integer("tokenizer.ggml.padding_token_id").value_or(-1);
    if (const std::optional<std::int64_t> eos = file.integer("tokenizer.ggml.eos_token_id")) config.eos_ids = {*eos};
}

}  // namespace

ModelConfig configFromGguf(const GgufFile& file) {
    ModelConfig config;
    config.family = readFamily(file);
    const ArchKeys keys(file, config.family);
    refuseForeignFeatures(keys);
    config.vocab_size = readVocabulary(file, keys);
    config.hidden_size = keys.requireInteger("embedding_length");
    config.intermediate_size = keys.requireInteger("feed_forward_length");
    config.num_layers = keys.requireInteger("block_count");
    config.max_position = keys.requireInteger("context_length");
    readHeads(keys, config);
    const std::optional<double> eps = keys.number("attention.layer_norm_rms_epsilon");
    if (!eps) keys.fail("attention.layer_norm_rms_epsilon", "is missing");
    config.rms_norm_eps = *eps;
    config.rope_theta = keys.number("rope.freq_base").value_or(10000);  // GGUF's own default
    config.qkv_bias = config.family == ModelFamily::Qwen2;
    config.qk_norm = config.family == ModelFamily::Qwen3;
    config.tie_embeddings = file.find("output.weight") == nullptr;
    readTokens(file, config);
    checkModelConfig(config, file.path());
    config.rope_scaling = ropeScalingFromFactors(file, config);
    checkModelConfig(config, file.path());
    return config;
}

}  // namespace fm
