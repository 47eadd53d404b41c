// flashmorph probe, select, interact: measurements of plans on a held-out probe.
#include <nlohmann/json.hpp>

#include "app/cli/job_verb.h"
#include "app/cli/plan_text.h"
#include "app/cli/probe_measurement.h"
#include "app/cli/study_jobs.h"
#include "app/cli/study_session.h"
#include "app/cli/verbs.h"
#include "core/base/json_number.h"
#include "core/engine/select.h"
#include "core/plan/plan_spelling.h"

namespace fm::cli {

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

std::string inclusionText(const std::vector<Inclusion>& inclusion, std::int64_t seeds) {
    std::string text =
        format("over %lld seeds:\nselector       K  objective (95 %%)          rank  layers kept by how many\n",
               static_cast<long long>(seeds));
    for (const Inclusion& i : inclusion) {
        text += format("%-13s %2d  %.4f (%.4f to %.4f)  %4.1f ", i.selector.c_str(), i.budget, i.objective.value,
                       i.objective.low, i.objective.high, i.mean_rank);
        for (std::size_t l = 0; l < i.frequency_L.size(); ++l) {
            if (i.frequency_L[l] > 0) text += format(" %zu:%.0f", l, i.frequency_L[l] * static_cast<double>(seeds));
        }
        text += "\n";
    }
    return text;
}

}  // namespace

JobOutcome runProbeJob(JobContext& context, const JobFiles& files, const ProbeSpec& given, Workplace& workplace) {
    StudySession& session = workplace.session();
    ProbeMeasurement measurement(given, session);
    openStudyRun(context, session, files, "probe", specToJson(measurement.spec()), measurement.parents(),
                 {probeTable(session.config().num_layers), sequenceTable()});
    measurement.setPoll([&context] { context.checkpointGate(false); });
    while (measurement.advance()) {
        const ProbeScores so_far = measurement.scores();
        context.progress(static_cast<std::int64_t>(so_far.sequences.size()), so_far.planned_sequences, "sequences");
    }
    measurement.setPoll({});
    const ProbeScores scores = measurement.scores();
    context.append(0, probeRow(-1, measurement.plan(), scores, ProbePurpose::Measure));
    for (const SequenceScore& score : scores.sequences) context.append(1, sequenceRow(0, score));
    JobOutcome outcome;
    outcome.json = scoresJson(scores);
    outcome.json["run"] = files.run_id;
    outcome.json["plan"] = planJson(measurement.plan());
    outcome.text = "full layers  " + layersText(measurement.plan()) + "\n" + scoresText(scores);
    return outcome;
}

JobOutcome runSelectJob(JobContext& context, const JobFiles& files, const SelectSpec& given, Workplace& workplace) {
    StudySession& session = workplace.session();
    SelectSpec spec = given;
    spec.tasks = session.tasksOr(spec.tasks);
    spec.lengths = session.lengthsOr(spec.lengths);
    const std::vector<Problem> problems = validate(spec, static_cast<int>(session.config().num_layers));
    if (!problems.empty()) throw InputError(problems);
    const BranchSet branches = session.branches(spec.branches);
    spec.branches = branches.id;
    SelectInputs inputs;
    inputs.weights = &session.weights();
    inputs.branches = &branches;
    const auto probe = [&](ProbePurpose purpose, std::int64_t seed) {
        return session.probeSet(spec.tasks, spec.lengths, spec.sequences, purpose, seed);
    };
    for (std::int64_t i = 0; i < spec.seeds; ++i) inputs.choosing.push_back(probe(ProbePurpose::Choose, spec.seed + i));
    inputs.measuring = probe(ProbePurpose::Measure, spec.seed);
    openStudyRun(context, session, files, "select", specToJson(spec), {branches.id},
                 selectTables(session.config().num_layers));
    const SelectResult result = runSelect(spec, inputs, context);
    JobOutcome outcome;
    outcome.json = {{"run", files.run_id}, {"plans", nlohmann::json::array()}, {"inclusion", nlohmann::json::array()}};
    outcome.text = "chosen on one probe, measured on another:\n" + scoresHeader("selector");
    for (const SelectedPlan& p : result.plans) {
        nlohmann::json json = scoresJson(p.scores);
        json["selector"] = p.selector;
        json["seed_index"] = p.seed_index;
        json["plan"] = planJson(p.plan);
        json["chosen_objective"] = numberToJson(p.chosen_objective);
        json["plans_measured"] = p.plans_measured;
        json["wall_ms"] = p.wall_ms;
        outcome.json["plans"].push_back(json);
        outcome.text += scoresLine(p.selector, p.plan, p.scores);
    }
    if (spec.seeds > 1) outcome.text += inclusionText(result.inclusion, spec.seeds);
    for (const Inclusion& i : result.inclusion) outcome.json["inclusion"].push_back(inclusionJson(i));
    return outcome;
}

JobOutcome runInteractJob(JobContext& context, const JobFiles& files, const InteractSpec& given, Workplace& workplace) {
    StudySession& session = workplace.session();
    InteractSpec spec = given;
    spec.tasks = session.tasksOr(spec.tasks);
    spec.lengths = session.lengthsOr(spec.lengths);
    const BranchSet branches = session.branches(spec.branches);
    const StudySession::ChosenPlan chosen = spec.curvature ? session.plan(spec.plan) : StudySession::ChosenPlan{};
    spec.branches = branches.id;
    spec.plan.run = chosen.run_id;
    InteractInputs inputs;
    inputs.weights = &session.weights();
    inputs.branches = &branches;
    inputs.probe = session.probeSet(spec.tasks, spec.lengths, spec.sequences, ProbePurpose::Choose, spec.seed);
    inputs.plan = chosen.plan;
    openStudyRun(context, session, files, "interact", specToJson(spec), {branches.id, chosen.run_id},
                 interactTables(session.config().num_layers));
    const InteractResult result = runInteract(spec, inputs, context);
    JobOutcome outcome;
    outcome.json = {{"run", files.run_id},
                    {"layers", result.layers},
                    {"single", result.single},
                    {"pair_extra", result.pair},
                    {"curvature", result.curvature}};
    const std::size_t n = result.layers.size();
    outcome.text = "layer  KL when linearised\n";
    for (std::size_t i = 0; i < n; ++i) outcome.text += format("%5d  %.4f\n", result.layers[i], result.single[i]);
    std::size_t best_i = 0, best_j = 0;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = i + 1; j < n; ++j) {
            if (std::abs(result.pair[i * n + j]) > std::abs(result.pair[best_i * n + best_j])) best_i = i, best_j = j;
        }
    }
    if (best_i != best_j) {
        outcome.text += format("strongest pair  %d and %d: %+.4f nat beyond the sum of each alone\n",
                               result.layers[best_i], result.layers[best_j], result.pair[best_i * n + best_j]);
    }
    return outcome;
}

void addProbeVerb(CLI::App& app, CliContext& cli) {
    addJobVerb<ProbeSpec>(app, cli,
                          {.name = "probe",
                           .help = "measure one plan or hybrid against the teacher on held-out data",
                           .run = runProbeJob});
}

void addSelectVerb(CLI::App& app, CliContext& cli) {
    addJobVerb<SelectSpec>(
        app, cli,
        {.name = "select", .help = "choose layers by the baseline rules, on the probe's measure", .run = runSelectJob});
}

void addInteractVerb(CLI::App& app, CliContext& cli) {
    addJobVerb<InteractSpec>(
        app, cli, {.name = "interact", .help = "map how layers depend on each other", .run = runInteractJob});
}

}  // namespace fm::cli
