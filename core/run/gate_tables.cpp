#include "core/run/gate_tables.h"

namespace fm {

Table probeTable(std::int64_t num_layers) {
    return {
        "probes",
        {{"probes/step", CellType::Int64, 1, "steps", "step of the run the plan belongs to, -1 for none"},
         {"probes/plan", CellType::Text, static_cast<int>(num_layers), "", "F full attention, L linear, layer 0 first"},
         {"probes/budget", CellType::Int64, 1, "layers", "K, how many layers keep full attention"},
         scalarColumn("probes/answer_kl", "nat", "KL(teacher || plan) at rows that predict answer tokens"),
         scalarColumn("probes/answer_kl_half_width", "nat", "95 % half-width over sequences"),
         scalarColumn("probes/answer_nll", "nat", "negative log-likelihood per answer token"),
         scalarColumn("probes/token_accuracy", "1", "answer tokens that are the argmax given the gold prefix"),
         scalarColumn("probes/exact_match", "1", "answers whose every token is the argmax (= greedy generation)"),
         scalarColumn("probes/exact_match_half_width", "1", "95 % half-width over sequences"),
         scalarColumn("probes/text_kl", "nat", "KL(teacher || plan) on plain text"),
         scalarColumn("probes/text_nll", "nat", "negative log-likelihood per text token; exp is the perplexity"),
         scalarColumn("probes/top1_agreement", "1", "argmax equals the teacher's, on plain text"),
         {"probes/answers", CellType::Int64, 1, "answers", "answers measured"}}};
}

std::vector<Table> gatesTables(std::int64_t num_layers) {
    const int width = static_cast<int>(num_layers);
    const auto vector = [width](const char* path, const char* help) {
        return Column{path, CellType::Float32Vector, width, "", help};
    };
    const Table steps{
        "steps",
        {{"steps/index", CellType::Int64, 1, "steps", "optimiser step, from 0"},
         scalarColumn("steps/wall_ms", "ms", "time since the run was opened"),
         {"steps/tokens", CellType::Int64, 1, "tokens", "tokens seen so far"},
         scalarColumn("series/loss/total", "", "objective plus regulariser"),
         scalarColumn("series/loss/align", "", "objective without the regulariser"),
         scalarColumn("series/loss/regulariser", "", "lambda times the sum of the gates"),
         scalarColumn("series/loss/answer_kl", "nat", "KL(teacher || mixed) at rows that predict answer tokens"),
         scalarColumn("series/loss/text_kl", "nat", "KL(teacher || mixed) on plain text"),
         scalarColumn("series/loss/hidden", "", "squared hidden-state error at answer rows, raw or scale-free"),
         scalarColumn("series/objective/lambda", "", "strength of the regulariser towards linear"),
         scalarColumn("series/objective/lr", "", "learning rate of the gates"),
         scalarColumn("series/objective/budget", "layers", "K, how many layers keep full attention"),
         scalarColumn("series/objective/gate_sum", "layers", "sum of the gates"),
         vector("gates/alpha", "gate per layer after the step: 1 full attention, 0 linear"),
         vector("gates/alpha_mean", "time average of the gates so far"),
         vector("gates/grad", "gradient of the total loss with respect to each gate"),
         vector("gates/grad_std", "standard error of that gradient over the sequences of the step")}};
    return {steps, probeTable(num_layers)};
}

}  // namespace fm
