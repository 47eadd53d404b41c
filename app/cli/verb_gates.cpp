// flashmorph gates: optimises one gate per layer. flashmorph plan: the plan of any step at any budget.
#include <nlohmann/json.hpp>

#include "app/cli/gate_run_file.h"
#include "app/cli/job_verb.h"
#include "app/cli/plan_text.h"
#include "app/cli/study_jobs.h"
#include "app/cli/study_session.h"
#include "app/cli/verbs.h"
#include "core/engine/gates.h"
#include "core/engine/paper_mode.h"
#include "core/model/model_shape_of.h"
#include "core/plan/gate_tables.h"
#include "core/plan/plan_spelling.h"

namespace fm::cli {

namespace {

BatchMix trainMix(const GatesSpec& spec, bool has_text) {
    BatchMix mix;
    const double share = (1 - spec.text_share) / static_cast<double>(spec.tasks.size());
    for (const std::string& task : spec.tasks) mix.tasks.push_back({task, share});
    if (has_text && spec.text_share > 0) mix.tasks.push_back({"text", spec.text_share});
    mix.lengths.assign(spec.lengths.begin(), spec.lengths.end());
    mix.tokens_per_batch =
        static_cast<std::int32_t>(std::max<std::int64_t>(1, spec.tokens_per_step / spec.micro_batches));
    mix.always_asks = true;
    return mix;
}

std::string gatesText(const GatesResult& result, const PlanCost& cost) {
    std::string text = "layer   gate  average\n";
    for (std::size_t l = 0; l < result.alpha_L.size(); ++l) {
        text += format("%5zu  %.3f    %.3f  %s\n", l, result.alpha_L[l], result.averaged_L[l],
                       result.plan.kinds[l] == LayerKind::Full ? "full" : "");
    }
    text += "full layers  " + layersText(result.plan) + (result.swapped ? "  (after swaps)" : "") + "\n" +
            costText(cost) + "\n";
    if (result.dead) {
        text += "DEAD GATES: which layers stand above the cut is noise; see the log\n";
    } else if (result.undecided) {
        text += "close call at the cut: another seed may choose otherwise; see the log\n";
    }
    return text;
}

}  // namespace

JobOutcome runGatesJob(JobContext& context, const JobFiles& files, const GatesSpec& given, Workplace& workplace) {
    StudySession& session = workplace.session();
    PaperFit fit{given, {}};
    if (given.mode == "paper") fit = fitPaperMode(given, session.config().max_position, session.resources());
    GatesSpec spec = fit.spec;
    spec.tasks = session.tasksOr(spec.tasks);
    spec.lengths = session.lengthsOr(spec.lengths);
    const BranchSet branches = session.branches(spec.branches);
    spec.branches = branches.id;
    std::vector<Problem> problems;
    GatesInputs inputs;
    inputs.weights = &session.weights();
    inputs.branches = &branches;
    inputs.pins = parsePins(spec.pins, problems);
    const std::vector<double> equal_L(static_cast<std::size_t>(session.config().num_layers), 0.0);
    discretise({equal_L, {}, {}}, spec.budget, inputs.pins);  // throws when no plan can meet budget and pins
    const bool has_text = session.resources().corpus != nullptr;
    inputs.train = session.batches(trainMix(spec, has_text), static_cast<std::uint64_t>(spec.seed));
    const auto probe = [&](ProbePurpose purpose) {
        return session.probeSet(spec.tasks, spec.lengths, spec.probe_sequences, purpose, spec.seed);
    };
    if (spec.swap_refine || spec.probe_every > 0) inputs.selection_probe = probe(ProbePurpose::Choose);
    if (spec.swap_refine) inputs.second_probe = probe(ProbePurpose::Confirm);
    inputs.checkpoint_path = files.checkpoint_path;

    openStudyRun(context, session, files, "gates", specToJson(spec), {branches.id},
                 gatesTables(session.config().num_layers));
    for (const std::string& remark : fit.remarks) context.log(Severity::Info, "[gates] paper mode: " + remark);
    const GatesResult result = runGates(spec, inputs, context);
    const PlanCost cost = planCost(shapeOf(session.config()), result.plan);
    JobOutcome outcome;
    outcome.json = {{"run", files.run_id},           {"alpha", result.alpha_L},   {"alpha_mean", result.averaged_L},
                    {"lambda", result.lambda},       {"dead", result.dead},       {"undecided", result.undecided},
                    {"plan", planJson(result.plan)}, {"swapped", result.swapped}, {"cost", costJson(cost)}};
    outcome.text = gatesText(result, cost);
    return outcome;
}

void addGatesVerb(CLI::App& app, CliContext& cli) {
    addJobVerb<GatesSpec>(app, cli,
                          {.name = "gates",
                           .help = "optimise one gate per layer and choose a plan under a budget",
                           .run = runGatesJob,
                           .parse = gatesSpecFromJson});
}

void addPlanVerb(CLI::App& app, CliContext& cli) {
    struct Options {
        std::string study;
        PlanChoice choice;
        std::int64_t context = 32768;
    };
    CLI::App* sub = app.add_subcommand("plan", "the plan of a gate run at any step and budget, with its cost");
    const auto options = std::make_shared<Options>();
    sub->add_option("STUDY", options->study, "the study folder")->required();
    sub->add_option("--run", options->choice.run, "gate run; none: the newest");
    sub->add_option("--budget", options->choice.budget, "how many layers keep full attention; none: the run's own");
    sub->add_option("--step", options->choice.step, "step of the run; none: its end, with the swaps it made");
    sub->add_option("--pin", options->choice.pins, "forced layer, such as 0=full or 3=linear; may be given again");
    sub->add_option("--context", options->context, "context length of the predicted decode speed, tokens")
        ->capture_default_str();
    sub->callback([&cli, options] {
        cli.action = [&cli, options] {
            const Study study = Study::open(options->study);
            const std::unique_ptr<Checkpoint> teacher = Checkpoint::open(study.teacherPath());
            const std::string run =
                options->choice.run.empty() ? newestRun(study, "gates", "run") : options->choice.run;
            std::vector<Problem> problems;
            const std::vector<Pin> pins = parsePins(options->choice.pins, problems);
            if (!problems.empty()) throw InputError(problems);
            const Plan plan = planOfRun(study.runPath(run), options->choice, pins);
            CostQuery query;
            query.context_tokens = options->context;
            const PlanCost cost = planCost(shapeOf(teacher->config()), plan, query);
            nlohmann::json json = planJson(plan);
            json["run"] = run;
            json["cost"] = costJson(cost);
            printResult(cli.global, json, "full layers  " + layersText(plan) + "\n" + costText(cost) + "\n");
            return kExitDone;
        };
    });
}

}  // namespace fm::cli
