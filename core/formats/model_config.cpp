#include "core/formats/model_config.h"

#include <cmath>

#include "core/formats/format_error.h"
#include "core/formats/model_config_check.h"

namespace fm {
namespace {

constexpr std::int64_t kLargestWidth = 1 << 20;
constexpr std::int64_t kLargestVocabulary = 1 << 24;
constexpr std::int64_t kMostLayers = 1024;
constexpr std::int64_t kLongestContext = std::int64_t{1} << 31;

class Checker {
public:
    explicit Checker(const std::string& path) : path_(path) {}

    void range(const char* key, std::int64_t value, std::int64_t most) const {
        if (value < 1 || value > most) {
            fail(key, std::to_string(value) + " is outside 1 to " + std::to_string(most));
        }
    }
    void positive(const char* key, double value) const {
        if (!(value > 0) || !std::isfinite(value)) fail(key, std::to_string(value) + " is no positive finite number");
    }
    void token(const char* key, std::int64_t id, std::int64_t vocab_size) const {
        if (id < -1 || id >= vocab_size) {
            fail(key, "token " + std::to_string(id) + " is outside the vocabulary of " + std::to_string(vocab_size));
        }
    }
    [[noreturn]] void fail(const char* key, const std::string& what) const {
        failFormat(path_, "key " + quoted(key), what);
    }

private:
    const std::string& path_;
};

void checkRope(const ModelConfig& config, const Checker& check) {
    check.positive("rope_theta", config.rope_theta);
    if (!config.rope_scaling) return;
    const Llama3RopeScaling& scaling = *config.rope_scaling;
    check.positive("factor", scaling.factor);
    check.positive("low_freq_factor", scaling.low_freq_factor);
    check.positive("high_freq_factor", scaling.high_freq_factor);
    if (scaling.high_freq_factor <= scaling.low_freq_factor) {
        check.fail("high_freq_factor", "must be greater than low_freq_factor");
    }
    check.range("original_max_position_embeddings", scaling.original_max_position, kLongestContext);
}

}  // namespace

const char* toString(ModelFamily family) {
    switch (family) {
        case ModelFamily::Llama:
            return "llama";
        case ModelFamily::Qwen2:
            return "qwen2";
        case ModelFamily::Qwen3:
            break;
    }
    return "qwen3";
}

void checkModelConfig(const ModelConfig& config, const std::string& path) {
    const Checker check(path);
    check.range("vocab_size", config.vocab_size, kLargestVocabulary);
    check.range("hidden_size", config.hidden_size, kLargestWidth);
    check.range("intermediate_size", config.intermediate_size, kLargestWidth);
    check.range("num_hidden_layers", config.num_layers, kMostLayers);
    check.range("num_attention_heads", config.num_heads, kLargestWidth);
    check.range("num_key_value_heads", config.num_kv_heads, config.num_heads);
    check.range("head_dim", config.head_dim, kLargestWidth);
    check.range("max_position_embeddings", config.max_position, kLongestContext);
    if (config.num_heads % config.num_kv_heads != 0) {
        check.fail("num_key_value_heads", std::to_string(config.num_kv_heads) + " does not divide the " +
                                              std::to_string(config.num_heads) + " query heads");
    }
    if (config.head_dim % 2 != 0) check.fail("head_dim", "must be even, because rotary embedding turns pairs");
    check.positive("rms_norm_eps", config.rms_norm_eps);
    checkRope(config, check);
    check.token("bos_token_id", config.bos_id, config.vocab_size);
    check.token("pad_token_id", config.pad_id, config.vocab_size);
    for (const std::int64_t id : config.eos_ids) {
        check.token("eos_token_id", id, config.vocab_size);
        if (id < 0) check.fail("eos_token_id", "must not be negative");
    }
}

}  // namespace fm
