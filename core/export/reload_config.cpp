#include "core/export/reload_config.h"

#include <algorithm>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/regular_file.h"
#include "core/export/reload_fields.h"
#include "core/export/reload_mixers.h"
#include "core/formats/hf_config_fields.h"
#include "core/formats/strict_json.h"

namespace fm {
namespace {

constexpr std::size_t kMaxConfigBytes = 4 << 20;
constexpr std::int64_t kMaxLayers = 4096;

std::string readConfigText(const std::string& folder, const std::string& path) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
        throw InputError({"folder", folder, "a folder made by `flashmorph export`: it has no config.json"});
    }
    return readRegularFile(path, kMaxConfigBytes);
}

void readCommon(const HfFields& fields, ReloadConfig& config) {
    config.vocab = sizeOf(fields, "vocab_size");
    config.width = sizeOf(fields, "hidden_size");
    config.mlp_width = sizeOf(fields, "intermediate_size");
    config.max_position = sizeOf(fields, "max_position_embeddings");
    const std::int64_t layers = sizeOf(fields, "num_hidden_layers");
    if (layers > kMaxLayers) fields.fail("num_hidden_layers", "must be at most 4096");
    config.full.assign(static_cast<std::size_t>(layers), false);
}

void readFullLayers(const HfFields& attn, ReloadConfig& config) {
    config.heads = sizeOf(attn, "num_heads");
    config.kv_heads = sizeOf(attn, "num_kv_heads");
    config.qkv_bias = attn.booleanOr("qkv_bias", false);
    config.rope_theta = attn.number("rope_theta");
    mustBe(attn, "window_size", nullptr);
    if (config.width % config.heads != 0) attn.fail("num_heads", "must divide hidden_size");
    config.head_dim = config.width / config.heads;
    const nlohmann::json* layers = attn.find("layers");
    if (layers == nullptr || !layers->is_array()) attn.fail("layers", "must be a list of layer indices");
    for (const nlohmann::json& entry : *layers) {
        const std::int64_t layer = attn.asInteger("layers", entry);
        if (layer < 0 || layer >= static_cast<std::int64_t>(config.full.size())) {
            attn.fail("layers", "holds " + std::to_string(layer) + ", which is no layer of the model");
        }
        if (config.full[static_cast<std::size_t>(layer)]) {
            attn.fail("layers", "names layer " + std::to_string(layer) + " twice");
        }
        config.full[static_cast<std::size_t>(layer)] = true;
    }
}

void readFla(const HfFields& fields, const FlaMixer& mixer, ReloadConfig& config) {
    config.format = ReloadFormat::Fla;
    config.mixer = &mixer;
    mustBe(fields, "architectures", {mixer.architecture});
    mustBe(fields, "use_short_conv", false);
    mustBe(fields, "expand_v", 1.0);
    mustBe(fields, "hidden_act", "swish");
    config.eps = fields.number("norm_eps");
    config.tied = fields.booleanOr("tie_word_embeddings", true);
    mixer.read(fields, config);
    if (fields.find("attn") != nullptr) readFullLayers(fields.object("attn"), config);
}

void readLayerTypes(const HfFields& fields, ReloadConfig& config) {
    const nlohmann::json* types = fields.find("layer_types");
    if (types == nullptr || !types->is_array() || types->size() != config.full.size()) {
        fields.fail("layer_types", "must be a list with one entry per layer");
    }
    for (std::size_t i = 0; i < types->size(); ++i) {
        const nlohmann::json& type = (*types)[i];
        if (type != "full_attention" && type != "linear_attention") {
            fields.fail("layer_types", "may hold full_attention and linear_attention only");
        }
        config.full[i] = type == "full_attention";
    }
}

void readQwenRope(const HfFields& fields, ReloadConfig& config) {
    const HfFields rope = fields.object("rope_parameters");
    mustBe(rope, "rope_type", "default");
    mustBe(rope, "partial_rotary_factor", 1.0);
    mustBe(fields, "partial_rotary_factor", 1.0);
    config.rope_theta = rope.number("rope_theta");
}

void readQwen3_5(const HfFields& fields, ReloadConfig& config) {
    config.format = ReloadFormat::Qwen3_5;
    mustBe(fields, "architectures", {"Qwen3_5ForCausalLM"});
    mustBe(fields, "hidden_act", "silu");
    mustBe(fields, "attention_bias", false);
    config.eps = fields.number("rms_norm_eps");
    config.tied = fields.booleanOr("tie_word_embeddings", false);
    config.heads = sizeOf(fields, "num_attention_heads");
    config.kv_heads = sizeOf(fields, "num_key_value_heads");
    config.head_dim = sizeOf(fields, "head_dim");
    config.key_heads = sizeOf(fields, "linear_num_key_heads");
    config.value_heads = sizeOf(fields, "linear_num_value_heads");
    config.key_dim = sizeOf(fields, "linear_key_head_dim");
    config.value_dim = sizeOf(fields, "linear_value_head_dim");
    config.conv_taps = sizeOf(fields, "linear_conv_kernel_dim");
    readLayerTypes(fields, config);
    readQwenRope(fields, config);
}

void checkSizes(const HfFields& fields, const ReloadConfig& config) {
    const bool any_full = std::find(config.full.begin(), config.full.end(), true) != config.full.end();
    if (any_full && (config.heads % config.kv_heads != 0 || config.head_dim % 2 != 0)) {
        fields.fail("num_hidden_layers",
                    "has full attention whose K/V heads do not divide its heads, or whose head "
                    "size is odd");
    }
    if (config.value_heads % config.key_heads != 0) {
        fields.fail("linear_num_value_heads", "must be a multiple of linear_num_key_heads");
    }
}

}  // namespace

ReloadConfig readReloadConfig(const std::string& folder) {
    const std::string path = (std::filesystem::path(folder) / "config.json").string();
    const std::string text = readConfigText(folder, path);
    const nlohmann::json json = parseStrictJson(text, {.max_bytes = kMaxConfigBytes}, path);
    if (!json.is_object()) failFormat(path, atByte(0), "is not a JSON object");
    const HfFields fields(json, path);
    ReloadConfig config;
    readCommon(fields, config);
    const std::string type = fields.text("model_type");
    if (const FlaMixer* mixer = flaMixer(type)) {
        readFla(fields, *mixer, config);
    } else if (type == "qwen3_5_text") {
        readQwen3_5(fields, config);
    } else {
        std::string known;
        for (const std::string& fla_type : flaModelTypes()) known += fla_type + ", ";
        fields.fail("model_type", "is " + quoted(type) + "; " + known + "qwen3_5_text can be checked");
    }
    checkSizes(fields, config);
    return config;
}

}  // namespace fm
