#include <nlohmann/json.hpp>

#include "core/formats/model_config.h"

namespace fm {
namespace {

using Json = nlohmann::ordered_json;

Json orNull(std::int64_t id) { return id < 0 ? Json(nullptr) : Json(id); }

Json ropeParameters(const ModelConfig& config) {
    Json rope = {{"rope_type", config.rope_scaling ? "llama3" : "default"}, {"rope_theta", config.rope_theta}};
    if (const std::optional<Llama3RopeScaling>& scaling = config.rope_scaling) {
        rope["factor"] = scaling->factor;
        rope["low_freq_factor"] = scaling->low_freq_factor;
        rope["high_freq_factor"] = scaling->high_freq_factor;
        rope["original_max_position_embeddings"] = scaling->original_max_position;
    }
    return rope;
}

Json eosIds(const ModelConfig& config) {
    if (config.eos_ids.empty()) return nullptr;
    if (config.eos_ids.size() == 1) return config.eos_ids.front();
    return config.eos_ids;
}

const char* architecture(ModelFamily family) {
    switch (family) {
        case ModelFamily::Llama:
            return "LlamaForCausalLM";
        case ModelFamily::Qwen2:
            return "Qwen2ForCausalLM";
        case ModelFamily::Qwen3:
            break;
    }
    return "Qwen3ForCausalLM";
}

void addFamilyKeys(const ModelConfig& config, Json& json) {
    if (config.family != ModelFamily::Qwen2) json["attention_bias"] = false;
    if (config.family == ModelFamily::Llama) {
        json["mlp_bias"] = false;
    } else {
        json["use_sliding_window"] = false;
        json["sliding_window"] = nullptr;
        json["layer_types"] = std::vector<std::string>(static_cast<std::size_t>(config.num_layers), "full_attention");
    }
}

}  // namespace

std::string toHfConfig(const ModelConfig& config, const std::string& torch_dtype) {
    Json json = {{"architectures", {architecture(config.family)}},
                 {"model_type", toString(config.family)},
                 {"dtype", torch_dtype},
                 {"vocab_size", config.vocab_size},
                 {"hidden_size", config.hidden_size},
                 {"intermediate_size", config.intermediate_size},
                 {"num_hidden_layers", config.num_layers},
                 {"num_attention_heads", config.num_heads},
                 {"num_key_value_heads", config.num_kv_heads},
                 {"head_dim", config.head_dim},
                 {"hidden_act", "silu"},
                 {"max_position_embeddings", config.max_position},
                 {"rms_norm_eps", config.rms_norm_eps},
                 {"rope_parameters", ropeParameters(config)},
                 // Releases before 5 read only this key, and would fall back to 10000 without a word.
                 {"rope_theta", config.rope_theta},
                 {"attention_dropout", 0.0},
                 {"initializer_range", 0.02},
                 {"use_cache", true},
                 {"tie_word_embeddings", config.tie_embeddings},
                 {"bos_token_id", orNull(config.bos_id)},
                 {"eos_token_id", eosIds(config)},
                 {"pad_token_id", orNull(config.pad_id)}};
    if (config.rope_scaling) json["rope_scaling"] = ropeParameters(config);
    addFamilyKeys(config, json);
    return json.dump(2) + "\n";
}

}  // namespace fm
