// flashmorph inspect MODEL: what a checkpoint is, and whether every tensor in it is accounted for.
#include <cstdio>
#include <map>
#include <memory>

#include <nlohmann/json.hpp>

#include "app/cli/output.h"
#include "app/cli/verbs.h"
#include "core/formats/checkpoint.h"
#include "core/formats/tokenizer.h"
#include "core/run/error.h"

namespace fm::cli {

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

std::string asText(const nlohmann::json& report) {
    const nlohmann::json& config = report["config"];
    std::string text = report["path"].get<std::string>() + " (" + report["format"].get<std::string>() + ")\n";
    const auto line = [&text](const std::string& name, const nlohmann::json& value) {
        text += "  " + name + std::string(name.size() < 20 ? 20 - name.size() : 1, ' ') +
                (value.is_string() ? value.get<std::string>() : value.dump()) + "\n";
    };
    line("content hash", report["content_hash"]);
    for (const auto& [key, value] : config.items()) line(key, value);
    for (const auto& [key, value] : report["tensors"].items()) line("tensors " + key, value);
    for (const auto& [key, value] : report["tokenizer"].items()) line("tokenizer " + key, value);
    line("problems", report["problems"].size());
    for (const nlohmann::json& problem : report["problems"]) text += "    " + problem.get<std::string>() + "\n";
    return text;
}

int inspect(const GlobalOptions& global, const std::string& path) {
    const std::unique_ptr<Checkpoint> checkpoint = Checkpoint::open(path);
    const std::vector<std::string> problems = accountForTensors(*checkpoint);
    const nlohmann::json report = {{"path", checkpoint->path()},
                                   {"format", checkpoint->format()},
                                   {"content_hash", checkpoint->contentHash()},
                                   {"config", configJson(checkpoint->config())},
                                   {"tensors", tensorsJson(*checkpoint)},
                                   {"tokenizer", tokenizerJson(path)},
                                   {"problems", problems}};
    printResult(global, report, asText(report));
    return problems.empty() ? kExitDone : kExitFailed;
}

}  // namespace

void addInspectVerb(CLI::App& app, CliContext& cli) {
    CLI::App* verb =
        app.add_subcommand("inspect", "a model's shape, tensors and tokenizer; exit code 1 when tensors do not fit it");
    const auto path = std::make_shared<std::string>();
    verb->add_option("MODEL", *path, "model folder or .gguf file")->required();
    verb->callback([&cli, path] { cli.action = [&cli, path] { return inspect(cli.global, *path); }; });
}

}  // namespace fm::cli
