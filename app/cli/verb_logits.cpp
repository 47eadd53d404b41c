// flashmorph logits MODEL --ids 1,2,3: the teacher's next-token logits in fp32, to be held against any reference.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>

#include <nlohmann/json.hpp>

#include "app/cli/output.h"
#include "app/cli/verbs.h"
#include "core/base/error.h"
#include "core/formats/checkpoint.h"
#include "core/jobs/workplace.h"
#include "core/model/hybrid_model.h"

namespace fm::cli {

namespace {

constexpr std::int64_t kTopEntries = 20;

struct LogitsOptions {
    std::string model;
    std::string ids;
};

// "1,2,3" as ids below `vocab_size`; at most `max_position` of them. Every problem is listed.
std::vector<std::int64_t> parseIds(const std::string& text, const ModelConfig& config) {
    std::vector<std::int64_t> ids;
    std::vector<Problem> problems;
    const std::string allowed =
        "token ids from 0 to " + std::to_string(config.vocab_size - 1) + ", with commas between";
    const char* at = text.data();
    const char* const end = at + text.size();
    while (true) {
        const char* const comma = std::find(at, end, ',');
        std::int64_t id = -1;
        const std::from_chars_result result = std::from_chars(at, comma, id);
        if (result.ec != std::errc() || result.ptr != comma || id < 0 || id >= config.vocab_size) {
            problems.push_back({"ids[" + std::to_string(ids.size()) + "]", std::string(at, comma), allowed});
        }
        ids.push_back(id);
        if (comma == end) break;
        at = comma + 1;
    }
    if (static_cast<std::int64_t>(ids.size()) > config.max_position) {
        problems.push_back({"ids", std::to_string(ids.size()) + " tokens",
                            "at most " + std::to_string(config.max_position) + " tokens, the model's longest context"});
    }
    if (!problems.empty()) throw InputError(std::move(problems));
    return ids;
}

at::Tensor lastLogits_V(const DecoderWeights& weights, std::vector<std::int64_t> ids, at::Device device) {
    const c10::InferenceMode no_gradients;
    const std::int64_t num_tokens = static_cast<std::int64_t>(ids.size());
    const at::Tensor ids_BT = at::from_blob(ids.data(), {1, num_tokens}, at::kLong).to(device, at::kLong, false, true);
    const Rope rope = makeRope(weights.config, num_tokens, device, at::kFloat);
    const at::Tensor hidden_BTD = forwardHidden(teacherModel(weights), ids_BT, rope);
    return logitsFromHidden(weights, hidden_BTD.select(1, num_tokens - 1)).reshape({-1}).to(at::kCPU, at::kFloat);
}

// Largest first; equal logits in the order of their ids. Log probabilities are summed in double.
nlohmann::json topEntries(const at::Tensor& logits_V) {
    const at::Tensor logprob_V = at::log_softmax(logits_V.to(at::kDouble), 0);
    const float* logit = logits_V.const_data_ptr<float>();
    std::vector<std::int64_t> order(static_cast<std::size_t>(logits_V.numel()));
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
    const std::int64_t count = std::min<std::int64_t>(kTopEntries, logits_V.numel());
    std::partial_sort(order.begin(), order.begin() + count, order.end(), [logit](std::int64_t a, std::int64_t b) {
        return logit[a] != logit[b] ? logit[a] > logit[b] : a < b;
    });
    nlohmann::json entries = nlohmann::json::array();
    for (std::int64_t i = 0; i < count; ++i) {
        const std::int64_t id = order[static_cast<std::size_t>(i)];
        entries.push_back({{"id", id}, {"logit", logit[id]}, {"logprob", logprob_V[id].item<double>()}});
    }
    return entries;
}

std::string logitsText(const nlohmann::json& entries) {
    std::string text = "       id      logit    logprob\n";
    char line[96];
    for (const nlohmann::json& entry : entries) {
        std::snprintf(line, sizeof line, "%9lld %10.4f %10.4f\n", entry["id"].get<long long>(),
                      entry["logit"].get<double>(), entry["logprob"].get<double>());
        text += line;
    }
    return text;
}

int logits(const GlobalOptions& global, const LogitsOptions& options) {
    const at::Device device = prepareCompute(global);
    const std::unique_ptr<Checkpoint> checkpoint = Checkpoint::open(options.model);
    const std::vector<std::int64_t> ids = parseIds(options.ids, checkpoint->config());
    const DecoderWeights weights = loadWeights(*checkpoint, device, at::kFloat);
    const at::Tensor logits_V = lastLogits_V(weights, ids, device);
    if (!at::isfinite(logits_V).all().item<bool>()) {
        throw WorldError(options.model + ": the logits are not finite; the weights are damaged");
    }
    const nlohmann::json entries = topEntries(logits_V);
    printResult(global, {{"top", entries}}, logitsText(entries));
    return kExitDone;
}

}  // namespace

void addLogitsVerb(CLI::App& app, CliContext& cli) {
    CLI::App* verb = app.add_subcommand("logits", "the 20 likeliest next tokens after given token ids, in fp32");
    const auto options = std::make_shared<LogitsOptions>();
    verb->add_option("MODEL", options->model, "model folder or .gguf file")->required();
    verb->add_option("--ids", options->ids, "token ids with commas between, for example 1,2,3")->required();
    verb->callback([&cli, options] { cli.action = [&cli, options] { return logits(cli.global, *options); }; });
}

}  // namespace fm::cli
