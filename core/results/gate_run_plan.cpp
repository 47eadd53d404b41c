#include "core/results/gate_run_plan.h"

#include <filesystem>
#include <optional>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/plan/gate_plan.h"
#include "core/plan/pins.h"
#include "core/plan/plan_spelling.h"
#include "core/store/recorded_run.h"

namespace fm {

namespace {

std::vector<double> rowOf(const RecordedRun& run, const char* column, std::int64_t step) {
    const std::vector<float> row = run.readVector(column, step);
    return {row.begin(), row.end()};
}

std::int64_t checkedStep(const RecordedRun& run, std::int64_t step) {
    if (run.header().job != "gates") {
        throw InputError(Problem{"run", run.header().run_id, "a gate run; this one is of the job " + run.header().job});
    }
    const std::int64_t steps = run.rows("steps");
    if (steps == 0) throw InputError(Problem{"run", run.header().run_id, "a gate run with at least one step"});
    if (step >= steps) {
        throw InputError(Problem{"step", std::to_string(step), "a step from 0 to " + std::to_string(steps - 1)});
    }
    return step < 0 ? steps - 1 : step;
}

LayerRanking rankingAt(const RecordedRun& run, std::int64_t step, const nlohmann::json& spec) {
    std::vector<double> local_error_L;  // an older run has none
    if (run.rows("layers") > 0) local_error_L = rowOf(run, "gates/local_error", 0);
    return gateRanking(spec.value("mode", ""), rowOf(run, "gates/alpha", step), rowOf(run, "gates/alpha_mean", step),
                       local_error_L);
}

}  // namespace

static nlohmann::json specOf(const RecordedRun& run) {
    nlohmann::json spec = nlohmann::json::parse(run.header().spec_json, nullptr, /*allow_exceptions=*/false);
    if (!spec.is_object()) throw FormatError(run.path() + ": spec_json: is not a JSON object, so the file is damaged");
    return spec;
}

// Of that step, because the budget may have been changed while the run was live.
static int ownBudget(const RecordedRun& run, std::int64_t step) {
    const double budget = run.readNumbers("series/objective/budget", step, 1).at(0);
    if (!(budget >= 0 && budget <= 1e6))
        throw FormatError(run.path() + ": series/objective/budget: is no number of layers, so the file is damaged");
    return static_cast<int>(budget);
}

LayerRanking rankingOfRun(const std::string& path, std::int64_t step) {
    const std::unique_ptr<RecordedRun> run = openRecordedRun(path);
    return rankingAt(*run, checkedStep(*run, step), specOf(*run));
}

Plan planOfRun(const std::string& path, const PlanChoice& choice, const std::vector<Pin>& pins) {
    if (!std::filesystem::is_regular_file(path)) {
        throw InputError(
            Problem{"run", std::filesystem::path(path).stem().string(), "the id of a gate run of the study"});
    }
    const std::unique_ptr<RecordedRun> run = openRecordedRun(path);
    const std::int64_t step = checkedStep(*run, choice.step);
    const nlohmann::json spec = specOf(*run);
    const int budget = choice.budget < 0 ? ownBudget(*run, step) : static_cast<int>(choice.budget);
    std::optional<Plan> ended_with;
    const std::vector<std::string> measured = run->readTexts("probes/plan");
    if (choice.step < 0 && !measured.empty() && run->state() == RunState::Finished) {
        ended_with = planFromKey(measured.back());
    }
    const std::vector<Pin> all_pins = overriddenPins(pinsOfSpec(run->header().spec_json), pins);
    return gatePlan(rankingAt(*run, step, spec), budget, all_pins, ended_with);
}

std::string newestRun(const Study& study, const std::string& job, const std::string& field) {
    const std::vector<std::string> paths = study.runPaths();
    for (auto path = paths.rbegin(); path != paths.rend(); ++path) {
        const RunSummary run = summarizeRun(*path);
        if (run.problem.empty() && run.job == job && run.rows.contains("steps") && run.rows.at("steps") > 0)
            return run.run_id;
    }
    throw InputError(Problem{field, "", "the id of a run of the job " + job + "; the study has none yet"});
}

}  // namespace fm
