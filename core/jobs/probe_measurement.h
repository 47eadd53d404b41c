// One plan or recovered hybrid on the study's probe, measured part by part: what `flashmorph probe` runs to its end and
// what a served engine does between two micro-batches of a job.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/engine/probe_spec.h"
#include "core/jobs/study_session.h"

namespace fm {

// Thread: one job's thread. The session must outlive it.
class ProbeMeasurement {
public:
    // Resolves tasks, lengths, plan and branches. InputError for what does not exist.
    ProbeMeasurement(const ProbeSpec& given, StudySession& session);

    const ProbeSpec& spec() const { return spec_; }  // resolved
    const Plan& plan() const { return plan_; }
    const std::vector<std::string>& parents() const { return parents_; }

    void setPoll(PlanEvaluator::Poll poll) { evaluator_->setPoll(std::move(poll)); }
    // One more part of the probe; false when it is complete.
    bool advance() { return evaluator_->advance(plan_); }
    ProbeScores scores() { return evaluator_->scoresSoFar(plan_); }

private:
    ProbeSpec spec_;
    Plan plan_;
    std::vector<std::string> parents_;
    std::unique_ptr<RecoveredHybrid> hybrid_;  // null for a plan
    std::shared_ptr<ProbeSet> probe_;
    std::shared_ptr<PlanEvaluator> evaluator_;
};

}  // namespace fm
