#include "core/jobs/probe_measurement.h"

namespace fm {

ProbeMeasurement::ProbeMeasurement(const ProbeSpec& given, StudySession& session) : spec_(given) {
    spec_.tasks = session.tasksOr(spec_.tasks);
    spec_.lengths = session.lengthsOr(spec_.lengths);
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
    const bool all_full = plan_.budget() == static_cast<int>(plan_.kinds.size());
    if (!all_full) spec_.branches = session.branches(spec_.branches).id;
    spec_.plan.run = chosen.run_id;  // "the newest" means another run later
    parents_ = {chosen.run_id, all_full ? std::string() : spec_.branches};
    evaluator_ = session.evaluator(probe_, all_full ? std::string() : spec_.branches);
}

}  // namespace fm
