#include "app/cli/gate_run_file.h"

#include <filesystem>
#include <optional>

#include <nlohmann/json.hpp>

#include "core/run/error.h"
#include "core/run/gate_plan.h"
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
    return gateRanking(spec.value("mode", ""), rowOf(reader, "gates/alpha", step),
                       rowOf(reader, "gates/alpha_mean", step));
}

}  // namespace

LayerRanking rankingOfRun(const std::string& path, std::int64_t step) {
    const RunReader reader(path);
    return rankingAt(reader, checkedStep(reader, step), nlohmann::json::parse(reader.header().spec_json));
}

Plan planOfRun(const std::string& path, const PlanChoice& choice, const std::vector<Pin>& pins) {
    if (!std::filesystem::is_regular_file(path)) {
        throw InputError(
            Problem{"run", std::filesystem::path(path).stem().string(), "the id of a gate run of the study"});
    }
    const RunReader reader(path);
    const std::int64_t step = checkedStep(reader, choice.step);
    const nlohmann::json spec = nlohmann::json::parse(reader.header().spec_json);
    // Of that step, because the budget may have been changed while the run was live.
    const double own_budget = reader.readNumbers("series/objective/budget", step, 1).at(0);
    const int budget = choice.budget < 0 ? static_cast<int>(own_budget) : static_cast<int>(choice.budget);
    std::optional<Plan> ended_with;
    const std::vector<std::string> measured = reader.readTexts("probes/plan");
    if (choice.step < 0 && !measured.empty() && reader.state() == RunState::Finished) {
        ended_with = planFromKey(measured.back());
    }
    return gatePlan(rankingAt(reader, step, spec), budget, pins, ended_with);
}

}  // namespace fm::cli
