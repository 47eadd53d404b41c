#include "core/engine/selectors/select_tables.h"

#include "core/engine/selectors/selector.h"
#include "core/plan/probe_tables.h"

namespace fm {

std::vector<Table> selectTables(std::int64_t num_layers) {
    const int width = static_cast<int>(num_layers);
    const Column selector{"", CellType::Text, kSelectorNameBytes, "", "the rule that chose"};
    const auto named = [](Column column, const char* path) {
        column.path = path;
        return column;
    };
    const auto whole = [](const char* path, const char* unit, const char* help) {
        return Column{path, CellType::Int64, 1, unit, help};
    };
    return {{"plans",
             {named(selector, "plans/selector"),
              whole("plans/seed_index", "", "which repetition, from 0"),
              {"plans/plan", CellType::Text, width, "", "F full attention, L linear, layer 0 first"},
              whole("plans/budget", "layers", "K, how many layers keep full attention"),
              scalarColumn("plans/chosen_objective", "nat",
                           "answer KL + text weight * text KL on the probe that chose: too good by construction"),
              whole("plans/plans_measured", "plans", "plans this rule looked at"),
              scalarColumn("plans/wall_ms", "ms", "time the rule took")}},
            {"layers",
             {named(selector, "layers/selector"),
              whole("layers/seed_index", "", "which repetition, from 0"),
              {"layers/value", CellType::Float32Vector, width, "", "value per layer, larger = keep"}}},
            {"tried",
             {{"tried/plan", CellType::Text, width, "", "F full attention, L linear, layer 0 first"},
              whole("tried/budget", "layers", "K, how many layers keep full attention"),
              whole("tried/seed_index", "", "which repetition, from 0"),
              scalarColumn("tried/objective", "nat", "answer KL + text weight * text KL on the choosing probe")}},
            {"inclusion",
             {named(selector, "inclusion/selector"),
              whole("inclusion/budget", "layers", "K"),
              scalarColumn("inclusion/objective", "nat", "mean over the seeds, on the measuring probe"),
              scalarColumn("inclusion/objective_low", "nat", "lower end of its 95 % interval over seeds"),
              scalarColumn("inclusion/objective_high", "nat", "upper end of its 95 % interval over seeds"),
              scalarColumn("inclusion/mean_rank", "", "among the rules of this budget, 1 best, over seeds"),
              {"inclusion/frequency", CellType::Float32Vector, width, "1", "share of the seeds that keep the layer"}}},
            probeTable(num_layers),
            sequenceTable()};
}

}  // namespace fm
