#include "core/plan/gate_tables.h"

#include "core/plan/probe_tables.h"

namespace fm {

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
         scalarColumn("series/loss/text_kl", "nat", "KL(teacher || mixed) on plain text, every fourth position"),
         scalarColumn("series/loss/hidden", "", "squared hidden-state error at answer rows, raw or scale-free"),
         scalarColumn("series/objective/lambda", "", "strength of the regulariser towards linear"),
         scalarColumn("series/objective/lr", "", "learning rate of the gates"),
         scalarColumn("series/objective/budget", "layers", "K, how many layers keep full attention"),
         scalarColumn("series/objective/gate_sum", "layers", "sum of the gates"),
         vector("gates/alpha", "gate per layer after the step: 1 full attention, 0 linear"),
         vector("gates/alpha_mean", "time average of the gates so far"),
         vector("gates/grad", "gradient of the total loss with respect to each gate"),
         vector("gates/grad_std", "standard error of that gradient over the sequences of the step")}};
    const Table layers{"layers",
                       {vector("gates/local_error", "squared error of each branch alone at answer rows: breaks ties")}};
    return {steps, probeTable(num_layers), layers};
}

}  // namespace fm
