// The shape of a dense decoder (Llama, SmolLM2, Qwen2.5, Qwen3), whatever file it was read from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fm {

enum class ModelFamily { Llama, Qwen2, Qwen3 };  // SmolLM2 is a Llama by shape
const char* toString(ModelFamily family);

// Llama-3 frequency scaling ("rope_type": "llama3").
struct Llama3RopeScaling {
    double factor = 8;
    double low_freq_factor = 1;
    double high_freq_factor = 4;
    std::int64_t original_max_position = 8192;
};

struct ModelConfig {
    ModelFamily family = ModelFamily::Llama;
    std::int64_t vocab_size = 0;
    std::int64_t hidden_size = 0;        // D
    std::int64_t intermediate_size = 0;  // I, SwiGLU width
    std::int64_t num_layers = 0;         // L
    std::int64_t num_heads = 0;          // H, query heads
    std::int64_t num_kv_heads = 0;       // H / num_kv_heads query heads share one K/V head
    std::int64_t head_dim = 0;           // independent of D / H
    std::int64_t max_position = 0;       // longest context the teacher was made for, tokens
    double rms_norm_eps = 1e-5;
    double rope_theta = 10000;
    std::optional<Llama3RopeScaling> rope_scaling;
    bool qkv_bias = false;        // Qwen2.5
    bool qk_norm = false;         // Qwen3: RMSNorm over head_dim on q and k, before RoPE
    bool tie_embeddings = false;  // lm_head shares the embedding
    std::int64_t bos_id = -1;     // -1: none
    std::vector<std::int64_t> eos_ids;
    std::int64_t pad_id = -1;
};

// From the text of an HF config.json; old spelling (rope_theta, rope_scaling) and transformers 5 (rope_parameters).
// `path` is named in errors. Throws FormatError for anything not understood (an unknown rope type, a sliding window
// in use, attention bias on o, an activation that is not SiLU, sizes that do not divide): never guesses.
ModelConfig parseHfConfig(const std::string& json_text, const std::string& path);

// The same as HF config.json in the transformers-5 spelling, for exports and for our own built-in model.
std::string toHfConfig(const ModelConfig& config, const std::string& torch_dtype);

}  // namespace fm
