#include "app/cli/gate_run_file.h"

#include <nlohmann/json.hpp>

#include "core/run/error.h"
#include "core/store/run_reader.h"

namespace fm::cli {

namespace {

std::vector<double> rowOf(const RunReader& reader, const char* column, std::int64_t step) {
    const FloatMatrix row = reader.readVectors(column, step, 1);
    return {row.values.begin(), row.values.end()};
}

std::int64_t checkedStep(const RunReader& reader, std::int64_t step) {
    if (reader.header().job != "gates") {
        throw InputError(
            Problem{"run", reader.header().run_id, "a gate run; this one is of the job " + reader.header().job});
    }
    const std::int64_t steps = reader.rows(reader.findTable("steps").value());
    if (steps == 0) throw InputError(Problem{"run", reader.header().run_id, "a gate run with at least one step"});
    if (step >= steps) {
        throw InputError(Problem{"step", std::to_string(step), "a step from 0 to " + std::to_string(steps - 1)});
    }
    return step < 0 ? steps - 1 : step;
}

LayerRanking rankingAt(const RunReader& reader, std::int64_t step, const nlohmann::json& spec) {
    const std::vector<double> final_L = rowOf(reader, "gates/alpha", step);
    const std::vector<double> mean_L = rowOf(reader, "gates/alpha_mean", step);
    if (spec.value("mode", "") == "paper") return {final_L, mean_L, {}};
    return {mean_L, final_L, {}};
}

}  // namespace

LayerRanking rankingOfRun(const std::string& path, std::int64_t step) {
    const RunReader reader(path);
    return rankingAt(reader, checkedStep(reader, step), nlohmann::json::parse(reader.header().spec_json));
}

Plan planOfRun(const std::string& path, const PlanChoice& choice, const std::vector<Pin>& pins) {
    const RunReader reader(path);
    const std::int64_t step = checkedStep(reader, choice.step);
    const nlohmann::json spec = nlohmann::json::parse(reader.header().spec_json);
    const int own_budget = spec.value("budget", 0);
    const int budget = choice.budget < 0 ? own_budget : static_cast<int>(choice.budget);
    const std::vector<std::string> measured = reader.readTexts("probes/plan");
    if (choice.step < 0 && pins.empty() && !measured.empty() && reader.state() == RunState::Finished) {
        Plan plan;
        for (const char kind : measured.back()) plan.kinds.push_back(kind == 'F' ? LayerKind::Full : LayerKind::Linear);
        if (plan.budget() == budget) return plan;
    }
    return discretise(rankingAt(reader, step, spec), budget, pins);
}

}  // namespace fm::cli
