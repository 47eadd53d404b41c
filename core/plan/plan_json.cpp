#include "core/plan/plan_json.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "core/base/json_number.h"

namespace fm {

namespace {

nlohmann::json taskJson(const TaskScores& t) {
    return {{"answer_kl", numberToJson(t.answer_kl)},
            {"answer_nll", numberToJson(t.answer_nll)},
            {"token_accuracy", numberToJson(t.token_accuracy)},
            {"exact_match", numberToJson(t.exact_match)},
            {"teacher_exact_match", numberToJson(t.teacher_exact_match)},
            {"answers", t.answers},
            {"sequences", t.sequences}};
}

}  // namespace

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

void putEstimate(nlohmann::json& json, const std::string& name, const Estimate& estimate) {
    const auto known = [&](double value) { return estimate.known() ? numberToJson(value) : nlohmann::json(); };
    json[name] = known(estimate.value);
    json[name + "_low"] = known(estimate.low);
    json[name + "_high"] = known(estimate.high);
}

nlohmann::json scoresJson(const ProbeScores& scores) {
    nlohmann::json json = taskJson(scores.all);
    putEstimate(json, "answer_kl", scores.answer_kl);
    putEstimate(json, "exact_match", scores.exact_match);
    putEstimate(json, "text_kl", scores.text_kl);
    json["text_perplexity"] = scores.hasText() ? numberToJson(std::exp(scores.text_nll)) : nlohmann::json();
    json["teacher_text_perplexity"] =
        scores.hasText() ? numberToJson(std::exp(scores.teacher_text_nll)) : nlohmann::json();
    json["top1_agreement"] = scores.top1_agreement;
    json["text_sequences"] = scores.text_kl.n;
    json["planned_sequences"] = scores.planned_sequences;
    json["complete"] = scores.complete();
    json["measured"] = scores.fewestOfATask() >= kFewestSequences;
    json["identity"] = scores.probe_id;
    for (const auto& [task, t] : scores.tasks) json["tasks"][task] = taskJson(t);
    for (const auto& [cell, t] : scores.cells) {
        nlohmann::json entry = taskJson(t);
        entry["task"] = cell.first;
        entry["tokens"] = cell.second;
        json["cells"].push_back(entry);
    }
    return json;
}

}  // namespace fm
