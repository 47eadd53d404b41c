// What `flashmorph inspect` and the engine's model/inspect say about a checkpoint.
#include "core/serve/inspect_report.h"

#include <map>

#include "core/formats/checkpoint.h"
#include "core/formats/tokenizer.h"

namespace fm {

namespace {

nlohmann::json configJson(const ModelConfig& config) {
    nlohmann::json json = {{"family", toString(config.family)},
                           {"vocab_size", config.vocab_size},
                           {"hidden_size", config.hidden_size},
                           {"intermediate_size", config.intermediate_size},
                           {"num_layers", config.num_layers},
                           {"num_heads", config.num_heads},
                           {"num_kv_heads", config.num_kv_heads},
                           {"head_dim", config.head_dim},
                           {"max_position", config.max_position},
                           {"rms_norm_eps", config.rms_norm_eps},
                           {"rope_theta", config.rope_theta},
                           {"rope_scaling", nullptr},
                           {"qkv_bias", config.qkv_bias},
                           {"qk_norm", config.qk_norm},
                           {"tie_embeddings", config.tie_embeddings},
                           {"bos_id", config.bos_id < 0 ? nlohmann::json() : nlohmann::json(config.bos_id)},
                           {"eos_ids", config.eos_ids},
                           {"pad_id", config.pad_id < 0 ? nlohmann::json() : nlohmann::json(config.pad_id)}};
    if (config.rope_scaling) {
        json["rope_scaling"] = {{"rope_type", "llama3"},
                                {"factor", config.rope_scaling->factor},
                                {"low_freq_factor", config.rope_scaling->low_freq_factor},
                                {"high_freq_factor", config.rope_scaling->high_freq_factor},
                                {"original_max_position", config.rope_scaling->original_max_position}};
    }
    return json;
}

nlohmann::json tensorsJson(const Checkpoint& checkpoint) {
    std::int64_t parameters = 0;
    std::int64_t bytes = 0;
    std::map<std::string, std::int64_t> tensors_by_dtype;
    for (const TensorView& view : checkpoint.tensors()) {
        parameters += view.elements();
        bytes += static_cast<std::int64_t>(view.bytes.size());
        ++tensors_by_dtype[toString(view.dtype)];
    }
    return {{"count", checkpoint.tensors().size()},
            {"parameters", parameters},
            {"bytes", bytes},
            {"by_dtype", tensors_by_dtype}};
}

// A model without a readable tokenizer can still be inspected.
nlohmann::json tokenizerJson(const std::string& path) {
    try {
        const std::shared_ptr<const Tokenizer> tokenizer = Tokenizer::open(path);
        return {{"vocab_size", tokenizer->vocabSize()},
                {"chat_family", tokenizer->chatFamily()},
                {"has_chat_template", !tokenizer->chatTemplate().empty()}};
    } catch (const std::exception& error) {
        return {{"error", error.what()}};
    }
}

}  // namespace

nlohmann::json inspectReport(const std::string& path) {
    const std::unique_ptr<Checkpoint> checkpoint = Checkpoint::open(path);
    return {{"path", checkpoint->path()},
            {"format", checkpoint->format()},
            {"content_hash", checkpoint->contentHash()},
            {"config", configJson(checkpoint->config())},
            {"tensors", tensorsJson(*checkpoint)},
            {"tokenizer", tokenizerJson(path)},
            {"problems", accountForTensors(*checkpoint)}};
}

}  // namespace fm
