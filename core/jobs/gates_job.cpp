#include "core/jobs/gates_job.h"

#include <algorithm>

#include "core/engine/paper_mode.h"
#include "core/jobs/job_setup.h"
#include "core/model/model_shape_of.h"
#include "core/plan/discretise.h"
#include "core/plan/gate_tables.h"
#include "core/plan/pins.h"
#include "core/plan/plan_json.h"

namespace fm {

namespace {

BatchMix trainMix(const StudySession& session, const GatesSpec& spec) {
    const std::int64_t tokens = std::max<std::int64_t>(1, spec.tokens_per_step / spec.micro_batches);
    BatchMix mix = retrievalMix(session, spec.tasks, spec.lengths, spec.text_share, tokens);
    mix.always_asks = true;
    return mix;
}

}  // namespace

nlohmann::json toJson(const GatesOutcome& outcome) {
    const GatesResult& gates = outcome.gates;
    return {{"run", outcome.run_id},        {"alpha", gates.alpha_L},   {"alpha_mean", gates.averaged_L},
            {"lambda", gates.lambda},       {"dead", gates.dead},       {"undecided", gates.undecided},
            {"plan", planJson(gates.plan)}, {"swapped", gates.swapped}, {"cost", costJson(outcome.cost)}};
}

GatesOutcome runGatesJob(JobContext& context, const JobFiles& files, const GatesSpec& given, Workplace& workplace) {
    const JobSetup setup(context, files, workplace);
    StudySession& session = setup.session;
    PaperFit fit{given, {}};
    if (given.mode == "paper") fit = fitPaperMode(given, session.config().max_position, session.resources());
    GatesSpec spec = fit.spec;
    session.fillTasks(spec);
    const BranchSet branches = setup.fillBranches(spec.branches);
    std::vector<Problem> problems;
    GatesInputs inputs;
    inputs.weights = &session.weights();
    inputs.branches = &branches;
    inputs.pins = parsePins(spec.pins, problems);
    const std::vector<double> equal_L(static_cast<std::size_t>(session.config().num_layers), 0.0);
    discretise({equal_L, {}, {}}, spec.budget, inputs.pins);  // throws when no plan can meet budget and pins
    inputs.train = session.batches(trainMix(session, spec), static_cast<std::uint64_t>(spec.seed));
    const auto probe = [&](ProbePurpose purpose) {
        return session.probeSet(spec.tasks, spec.lengths, spec.probe_sequences, purpose, spec.seed);
    };
    if (spec.swap_refine || spec.probe_every > 0) inputs.selection_probe = probe(ProbePurpose::Choose);
    if (spec.swap_refine) inputs.second_probe = probe(ProbePurpose::Confirm);
    inputs.checkpoint_path = files.checkpoint_path;

    setup.open("gates", spec, {branches.id}, gatesTables(session.config().num_layers));
    for (const std::string& remark : fit.remarks) context.log(Severity::Info, "[gates] paper mode: " + remark);
    GatesOutcome outcome{files.run_id, runGates(spec, inputs, context), {}};
    const ModelShape shape = shapeOf(session.config());
    outcome.cost = planCost(shape, outcome.gates.plan, {}, branches.spec.kind->cost(shape));
    return outcome;
}

}  // namespace fm
