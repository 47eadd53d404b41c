#include "core/jobs/interact_job.h"

#include "core/jobs/job_setup.h"

namespace fm {

nlohmann::json toJson(const InteractOutcome& outcome) {
    return {{"run", outcome.run_id},
            {"layers", outcome.result.layers},
            {"single", outcome.result.single},
            {"pair_extra", outcome.result.pair},
            {"curvature", outcome.result.curvature}};
}

InteractOutcome runInteractJob(JobContext& context, const JobFiles& files, const InteractSpec& given,
                               Workplace& workplace) {
    const JobSetup setup(context, files, workplace);
    StudySession& session = setup.session;
    InteractSpec spec = given;
    session.fillTasks(spec);
    const BranchSet branches = setup.fillBranches(spec.branches);
    InteractInputs inputs;
    inputs.weights = &session.weights();
    inputs.branches = &branches;
    if (spec.curvature) {
        inputs.plan = setup.fillPlan(spec.plan);
    } else {
        spec.plan.run.clear();  // no plan takes part
    }
    inputs.probe = session.probeSet(spec.tasks, spec.lengths, spec.sequences, ProbePurpose::Choose, spec.seed);
    setup.open("interact", spec, {branches.id, spec.plan.run}, interactTables(session.config().num_layers));
    return {files.run_id, runInteract(spec, inputs, context)};
}

}  // namespace fm
