// HF config.json -> ModelConfig. A key that is absent takes the default of transformers' config class where all its
// releases agree on one; sizes without such a default must be there.
#include <array>

#include "core/formats/hf_config_fields.h"
#include "core/formats/model_config.h"
#include "core/formats/model_config_check.h"
#include "core/formats/strict_json.h"

namespace fm {
namespace {

// A tree of such a text stays below 4 MB; real files have 1 to 10 KB.
constexpr JsonLimits kLimits = {.max_bytes = 1 << 16, .max_depth = 8, .max_token_bytes = 1 << 14};

struct FamilyNames {
    ModelFamily family;
    const char* architecture;
};
constexpr std::array kFamilies = {FamilyNames{ModelFamily::Llama, "LlamaForCausalLM"},
                                  FamilyNames{ModelFamily::Qwen2, "Qwen2ForCausalLM"},
                                  FamilyNames{ModelFamily::Qwen3, "Qwen3ForCausalLM"}};

ModelFamily readFamily(const HfFields& fields) {
    const std::string type = fields.text("model_type");
    for (const FamilyNames& names : kFamilies) {
        if (type != toString(names.family)) continue;
        const nlohmann::json* architectures = fields.find("architectures");
        if (architectures != nullptr && *architectures != nlohmann::json::array({names.architecture})) {
            fields.fail("architectures", std::string("must be [\"") + names.architecture + "\"] for model_type " +
                                             toString(names.family));
        }
        return names.family;
    }
    fields.fail("model_type", "is " + quoted(type) + "; llama, qwen2 and qwen3 are supported");
}

// What other members of these families have and our decoder does not compute.
void refuseForeignFeatures(const HfFields& fields, ModelFamily family) {
    if (fields.textOr("hidden_act", "silu") != "silu") fields.fail("hidden_act", "must be \"silu\"");
    fields.mustBeFalse("attention_bias", "a bias on the attention's output projection is not supported");
    fields.mustBeFalse("mlp_bias", "biases in the MLP are not supported");
    fields.mustBeFalse("use_sliding_window", "sliding-window attention is not supported");
    fields.mustBeFalse("rope_interleaved", "interleaved rotary pairs are not supported");
    if (fields.find("quantization_config") != nullptr) {
        fields.fail("quantization_config", "packed weights are not supported; use an unquantised checkpoint or a GGUF");
    }
    // Qwen configs name a window even where use_sliding_window switches it off.
    if (family == ModelFamily::Llama && fields.find("sliding_window") != nullptr) {
        fields.fail("sliding_window", "sliding-window attention is not supported");
    }
    if (const nlohmann::json* types = fields.find("layer_types")) {
        if (!types->is_array()) fields.fail("layer_types", "must be an array");
        for (const nlohmann::json& type : *types) {
            if (type != "full_attention") fields.fail("layer_types", "every entry must be \"full_attention\"");
        }
    }
}

void readSizes(const HfFields& fields, ModelConfig& config) {
    config.vocab_size = fields.integer("vocab_size");
    config.hidden_size = fields.integer("hidden_size");
    config.intermediate_size = fields.integer("intermediate_size");
    config.num_layers = fields.integer("num_hidden_layers");
    config.num_heads = fields.integer("num_attention_heads");
    config.max_position = fields.integer("max_position_embeddings");
    config.rms_norm_eps = fields.number("rms_norm_eps");
    const bool llama = config.family == ModelFamily::Llama;
    // Llama's class alone falls back to multi-head attention; Qwen's would silently take 32 heads.
    config.num_kv_heads =
        llama ? fields.integerOr("num_key_value_heads", config.num_heads) : fields.integer("num_key_value_heads");
    if (config.family == ModelFamily::Qwen3) {
        config.head_dim = fields.integer("head_dim");
    } else if (fields.find("head_dim") != nullptr) {
        config.head_dim = fields.integer("head_dim");
    } else {
        if (config.num_heads < 1 || config.hidden_size % config.num_heads != 0) {
            fields.fail("hidden_size", "is no multiple of num_attention_heads, and there is no head_dim");
        }
        config.head_dim = config.hidden_size / config.num_heads;
    }
}

void readTokens(const HfFields& fields, ModelConfig& config) {
    config.bos_id = fields.integerOr("bos_token_id", -1);
    config.pad_id = fields.integerOr("pad_token_id", -1);
    const nlohmann::json* eos = fields.find("eos_token_id");
    if (eos == nullptr) return;
    if (!eos->is_array()) {
        config.eos_ids = {fields.integer("eos_token_id")};
        return;
    }
    for (const nlohmann::json& id : *eos) config.eos_ids.push_back(fields.asInteger("eos_token_id", id));
}

}  // namespace

ModelConfig parseHfConfig(const std::string& json_text, const std::string& path) {
    const nlohmann::json json = parseStrictJson(json_text, kLimits, path);
    if (!json.is_object()) failFormat(path, atByte(0), "must be a JSON object");
    const HfFields fields(json, path);
    ModelConfig config;
    config.family = readFamily(fields);
    config.qkv_bias = config.family == ModelFamily::Qwen2;
    config.qk_norm = config.family == ModelFamily::Qwen3;
    refuseForeignFeatures(fields, config.family);
    readSizes(fields, config);
    readHfRope(fields, config);
    config.tie_embeddings = fields.booleanOr("tie_word_embeddings", false);
    readTokens(fields, config);
    checkModelConfig(config, path);
    return config;
}

}  // namespace fm
