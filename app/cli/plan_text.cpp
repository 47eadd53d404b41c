#include "app/cli/plan_text.h"

#include <cmath>
#include <cstdarg>

#include "core/base/byte_text.h"

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

std::string costText(const PlanCost& cost) {
    return format("KV %s/token (%.0f %%)  state %s  decode x%.2f predicted",
                  byteText(double(cost.kv_bytes_per_token)).c_str(), 100 * cost.kv_share,
                  byteText(double(cost.state_bytes)).c_str(), cost.decode_speedup);
}

std::string estimateText(const Estimate& estimate, int digits) {
    if (!estimate.known()) return "-";
    return format("%.*f (%.*f to %.*f)", digits, estimate.value, digits, estimate.low, digits, estimate.high);
}

std::string scoresHeader(const std::string& name) {
    return format("%-22s  K  %-27s  %-24s  %-27s  %s\n", name.c_str(), "answer KL (95 %)", "exact match (95 %)",
                  "text KL (95 %)", "full layers");
}

std::string scoresLine(const std::string& name, const Plan& plan, const ProbeScores& scores) {
    return format("%-22s %2d  %-27s  %-24s  %-27s  %s\n", name.c_str(), plan.budget(),
                  estimateText(scores.answer_kl, 4).c_str(), estimateText(scores.exact_match, 3).c_str(),
                  estimateText(scores.text_kl, 4).c_str(), layersText(plan).c_str());
}

std::string scoresText(const ProbeScores& scores) {
    std::string text = format("%-14s KL %s  exact %s  (%lld answers in %lld sequences; 95 %% intervals)\n", "answers",
                              estimateText(scores.answer_kl, 4).c_str(), estimateText(scores.exact_match, 3).c_str(),
                              static_cast<long long>(scores.all.answers), static_cast<long long>(scores.all.sequences));
    for (const auto& [task, t] : scores.tasks) {
        text += format("  %-12s KL %8.4f  NLL %7.4f  tokens %.3f  exact %.3f  teacher %.3f  (%lld sequences)\n",
                       task.c_str(), t.answer_kl, t.answer_nll, t.token_accuracy, t.exact_match, t.teacher_exact_match,
                       static_cast<long long>(t.sequences));
    }
    if (scores.hasText()) {
        text += format(
            "%-14s KL %s  perplexity %.3f  teacher %.3f  top-1 %.3f  (every fourth position of %lld sequences)\n",
            "text", estimateText(scores.text_kl, 4).c_str(), std::exp(scores.text_nll),
            std::exp(scores.teacher_text_nll), scores.top1_agreement, static_cast<long long>(scores.text_kl.n));
    }
    text += "probe  " + scores.probe_id + "\n";
    return text;
}

}  // namespace fm::cli
