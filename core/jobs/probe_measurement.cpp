#include "core/jobs/probe_measurement.h"

namespace fm {

ProbeMeasurement::ProbeMeasurement(const ProbeSpec& given, StudySession& session) : spec_(given) {
    session.fillTasks(spec_);
    probe_ = session.probeSet(spec_.tasks, spec_.lengths, spec_.sequences, ProbePurpose::Measure, spec_.seed);
    if (!spec_.hybrid.empty()) {
        hybrid_ = std::make_unique<RecoveredHybrid>(session.hybrid(spec_.hybrid));
        plan_ = hybrid_->plan;
        parents_ = {spec_.hybrid, hybrid_->branches.id};
        evaluator_ = std::make_shared<PlanEvaluator>(hybrid_->weights, &hybrid_->branches, *probe_);
        return;
    }
    const StudySession::ChosenPlan chosen = session.plan(spec_.plan);
    plan_ = chosen.plan;
    if (plan_.hasLinearLayer()) spec_.branches = session.branches(spec_.branches).id;
    spec_.plan.run = chosen.run_id;  // "the newest" means another run later
    const std::string branches = plan_.hasLinearLayer() ? spec_.branches : std::string();
    parents_ = {chosen.run_id, branches};
    evaluator_ = session.evaluator(probe_, branches);
}

}  // namespace fm
