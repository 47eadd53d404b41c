// flashmorph probe, select, interact: measurements of plans on a held-out probe.
#include <nlohmann/json.hpp>

#include "app/cli/job_verb.h"
#include "app/cli/plan_text.h"
#include "app/cli/study_jobs.h"
#include "app/cli/study_session.h"
#include "app/cli/verbs.h"
#include "core/engine/gates.h"
#include "core/engine/probe_table.h"
#include "core/engine/select.h"
#include "core/export/hybrid_folder.h"

namespace fm::cli {

JobOutcome runProbeJob(JobContext& context, const JobFiles& files, const ProbeSpec& given, Workplace& workplace) {
    StudySession& session = workplace.session();
    ProbeSpec spec = given;
    spec.tasks = session.tasksOr(spec.tasks);
    spec.lengths = session.lengthsOr(spec.lengths);
    // The teacher's outputs come from the teacher, also when a hybrid with weights of its own is measured.
    const std::shared_ptr<const ProbeSet> probe =
        session.probeSet(spec.tasks, spec.lengths, spec.sequences, static_cast<std::uint64_t>(spec.seed));
    StudySession::ChosenPlan chosen;
    RecoveredHybrid hybrid;
    if (!spec.hybrid.empty()) {
        hybrid = session.hybrid(spec.hybrid);
        chosen.plan = hybrid.plan;
    } else {
        chosen = session.plan(spec.plan);
        const bool all_full = chosen.plan.budget() == static_cast<int>(chosen.plan.kinds.size());
        hybrid = {session.weights(), all_full ? BranchSet{} : session.branches(spec.branches), chosen.plan};
        spec.branches = hybrid.branches.id;
        spec.plan.run = chosen.run_id;  // "the newest" means another run later
    }
    openStudyRun(context, session, files, "probe", specToJson(spec), {chosen.run_id, spec.hybrid, hybrid.branches.id},
                 {probeTable(session.config().num_layers)});
    PlanEvaluator evaluator(hybrid.weights, &hybrid.branches, *probe, [&context] { context.checkpointGate(false); });
    const ProbeScores scores = evaluator.evaluate(chosen.plan);
    context.append(0, probeRow(-1, chosen.plan, scores));
    JobOutcome outcome;
    outcome.json = scoresJson(scores);
    outcome.json["run"] = files.run_id;
    outcome.json["plan"] = planJson(chosen.plan);
    outcome.text = "full layers  " + layersText(chosen.plan) + "\n" + scoresText(scores);
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
    inputs.probe = session.probe(spec.tasks, spec.lengths, spec.sequences, static_cast<std::uint64_t>(spec.seed));
    inputs.error_batch = inputs.probe.front();
    openStudyRun(context, session, files, "select", specToJson(spec), {branches.id},
                 selectTables(session.config().num_layers));
    const std::vector<SelectedPlan> plans = runSelect(spec, inputs, context);
    JobOutcome outcome;
    outcome.json = {{"run", files.run_id}, {"plans", nlohmann::json::array()}};
    outcome.text = "selector       K  answer KL    exact          text KL  full layers\n";
    for (const SelectedPlan& p : plans) {
        nlohmann::json json = scoresJson(p.scores);
        json["selector"] = p.selector;
        json["plan"] = planJson(p.plan);
        json["plans_measured"] = p.plans_measured;
        json["wall_ms"] = p.wall_ms;
        outcome.json["plans"].push_back(json);
        outcome.text += format("%-13s %2d  %9.4f  %.3f +- %.3f  %9.4f  %s\n", p.selector.c_str(), p.plan.budget(),
                               p.scores.all.answer_kl, p.scores.all.exact_match, halfWidth95(p.scores.sample_exact),
                               p.scores.text_kl, layersText(p.plan).c_str());
    }
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
    inputs.probe = session.probe(spec.tasks, spec.lengths, spec.sequences, static_cast<std::uint64_t>(spec.seed));
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
