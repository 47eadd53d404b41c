#include "core/engine/probe_table.h"

namespace fm {

Table probeTable(std::int64_t num_layers) {
    const auto scalar = [](const char* path, const char* unit, const char* help) {
        return Column{path, CellType::Float64, 1, unit, help};
    };
    return {
        "probes",
        {{"probes/step", CellType::Int64, 1, "steps", "step of the run the plan belongs to, -1 for none"},
         {"probes/plan", CellType::Text, static_cast<int>(num_layers), "", "F full attention, L linear, layer 0 first"},
         {"probes/budget", CellType::Int64, 1, "layers", "K, how many layers keep full attention"},
         scalar("probes/answer_kl", "nat", "KL(teacher || plan) at rows that predict answer tokens"),
         scalar("probes/answer_kl_half_width", "nat", "95 % half-width over sequences"),
         scalar("probes/answer_nll", "nat", "negative log-likelihood per answer token"),
         scalar("probes/token_accuracy", "1", "answer tokens that are the argmax given the gold prefix"),
         scalar("probes/exact_match", "1", "answers whose every token is the argmax (= greedy generation)"),
         scalar("probes/exact_match_half_width", "1", "95 % half-width over sequences"),
         scalar("probes/text_kl", "nat", "KL(teacher || plan) on plain text"),
         scalar("probes/text_nll", "nat", "negative log-likelihood per text token; exp is the perplexity"),
         scalar("probes/top1_agreement", "1", "argmax equals the teacher's, on plain text"),
         {"probes/answers", CellType::Int64, 1, "answers", "answers measured"}}};
}

Row probeRow(std::int64_t step, const Plan& plan, const ProbeScores& scores) {
    return {step,
            plan.key(),
            std::int64_t{plan.budget()},
            scores.all.answer_kl,
            halfWidth95(scores.sample_kl),
            scores.all.answer_nll,
            scores.all.token_accuracy,
            scores.all.exact_match,
            halfWidth95(scores.sample_exact),
            scores.text_kl,
            scores.text_nll,
            scores.top1_agreement,
            scores.all.answers};
}

}  // namespace fm
