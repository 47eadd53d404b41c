#include "core/jobs/select_job.h"

#include "core/base/json_number.h"
#include "core/jobs/job_setup.h"
#include "core/plan/plan_json.h"

namespace fm {

namespace {

nlohmann::json inclusionJson(const Inclusion& i) {
    return {{"selector", i.selector},
            {"budget", i.budget},
            {"frequency", i.frequency_L},
            {"objective", numberToJson(i.objective.value)},
            {"objective_low", numberToJson(i.objective.low)},
            {"objective_high", numberToJson(i.objective.high)},
            {"mean_rank", i.mean_rank}};
}

nlohmann::json selectedJson(const SelectedPlan& p) {
    nlohmann::json json = scoresJson(p.scores);
    json["selector"] = p.selector;
    json["seed_index"] = p.seed_index;
    json["plan"] = planJson(p.plan);
    json["chosen_objective"] = numberToJson(p.chosen_objective);
    json["plans_measured"] = p.plans_measured;
    json["wall_ms"] = p.wall_ms;
    return json;
}

}  // namespace

nlohmann::json toJson(const SelectOutcome& outcome) {
    nlohmann::json json = {
        {"run", outcome.run_id}, {"plans", nlohmann::json::array()}, {"inclusion", nlohmann::json::array()}};
    for (const SelectedPlan& plan : outcome.result.plans) json["plans"].push_back(selectedJson(plan));
    for (const Inclusion& i : outcome.result.inclusion) json["inclusion"].push_back(inclusionJson(i));
    return json;
}

SelectOutcome runSelectJob(JobContext& context, const JobFiles& files, const SelectSpec& given, Workplace& workplace) {
    const JobSetup setup(context, files, workplace);
    StudySession& session = setup.session;
    SelectSpec spec = given;
    session.fillTasks(spec);
    const std::vector<Problem> problems = validate(spec, static_cast<int>(session.config().num_layers));
    if (!problems.empty()) throw InputError(problems);
    const BranchSet branches = setup.fillBranches(spec.branches);
    SelectInputs inputs;
    inputs.weights = &session.weights();
    inputs.branches = &branches;
    const auto probe = [&](ProbePurpose purpose, std::int64_t seed) {
        return session.probeSet(spec.tasks, spec.lengths, spec.sequences, purpose, seed);
    };
    for (std::int64_t i = 0; i < spec.seeds; ++i) inputs.choosing.push_back(probe(ProbePurpose::Choose, spec.seed + i));
    inputs.measuring = probe(ProbePurpose::Measure, spec.seed);
    setup.open("select", spec, {branches.id}, selectTables(session.config().num_layers));
    return {files.run_id, spec.seeds, runSelect(spec, inputs, context)};
}

}  // namespace fm
