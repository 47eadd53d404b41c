#include "app/cli/plan_text.h"

#include <cmath>
#include <cstdarg>

#include "core/run/byte_text.h"

namespace fm::cli {

std::string format(const char* pattern, ...) {
    va_list args, again;
    va_start(args, pattern);
    va_copy(again, args);
    const int size = std::vsnprintf(nullptr, 0, pattern, args);
    std::string text(static_cast<std::size_t>(size), '\0');
    std::vsnprintf(text.data(), text.size() + 1, pattern, again);
    va_end(args);
    va_end(again);
    return text;
}

nlohmann::json planJson(const Plan& plan) {
    return {{"full_layers", plan.fullLayers()}, {"budget", plan.budget()}, {"plan", plan.key()}};
}

nlohmann::json costJson(const PlanCost& cost) {
    return {{"kv_bytes_per_token", cost.kv_bytes_per_token},
            {"kv_share", cost.kv_share},
            {"state_bytes", cost.state_bytes},
            {"decode_gflop", cost.decode_gflop},
            {"prefill_gflop_per_token", cost.prefill_gflop_per_token},
            {"predicted_decode_ms", cost.decode_ms},
            {"predicted_teacher_decode_ms", cost.teacher_decode_ms},
            {"predicted_decode_speedup", cost.decode_speedup}};
}

nlohmann::json scoresJson(const ProbeScores& scores) {
    const auto one = [](const TaskScores& t) {
        return nlohmann::json{{"answer_kl", t.answer_kl},
                              {"answer_nll", t.answer_nll},
                              {"token_accuracy", t.token_accuracy},
                              {"exact_match", t.exact_match},
                              {"answers", t.answers}};
    };
    nlohmann::json json = one(scores.all);
    json["answer_kl_half_width"] = halfWidth95(scores.sample_kl);
    json["exact_match_half_width"] = halfWidth95(scores.sample_exact);
    json["text_kl"] = scores.text_kl;
    json["text_perplexity"] = scores.text_rows > 0 ? std::exp(scores.text_nll) : 0;
    json["top1_agreement"] = scores.top1_agreement;
    for (const auto& [task, t] : scores.tasks) json["tasks"][task] = one(t);
    return json;
}

std::string layersText(const Plan& plan) {
    if (plan.budget() == 0) return "none";
    if (plan.budget() == static_cast<int>(plan.kinds.size())) return "all";
    std::string text;
    for (const int layer : plan.fullLayers()) text += (text.empty() ? "" : " ") + std::to_string(layer);
    return text;
}

std::string costText(const PlanCost& cost) {
    return format("KV %s/token (%.0f %%)  state %s  decode x%.2f predicted",
                  byteText(double(cost.kv_bytes_per_token)).c_str(), 100 * cost.kv_share,
                  byteText(double(cost.state_bytes)).c_str(), cost.decode_speedup);
}

std::string scoresText(const ProbeScores& scores) {
    std::string text =
        format("%-14s KL %8.4f  NLL %7.4f  tokens %.3f  exact %.3f +- %.3f  (%lld answers)\n", "answers",
               scores.all.answer_kl, scores.all.answer_nll, scores.all.token_accuracy, scores.all.exact_match,
               halfWidth95(scores.sample_exact), static_cast<long long>(scores.all.answers));
    for (const auto& [task, t] : scores.tasks) {
        text += format("  %-12s KL %8.4f  NLL %7.4f  tokens %.3f  exact %.3f\n", task.c_str(), t.answer_kl,
                       t.answer_nll, t.token_accuracy, t.exact_match);
    }
    if (scores.text_rows > 0) {
        text += format("%-14s KL %8.4f  perplexity %.3f  top-1 %.3f\n", "text", scores.text_kl,
                       std::exp(scores.text_nll), scores.top1_agreement);
    }
    return text;
}

}  // namespace fm::cli
