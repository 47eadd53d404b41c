// What can be compared in a study: the teacher, uniform plans, measured plans and recovered hybrids, each with what was
// measured and what the cost model says. Collected from run files; nothing is invented for what nobody measured.
#pragma once

#include <QString>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/plan/model_shape.h"
#include "core/plan/plan_cost.h"
#include "core/store/study.h"
#include "widgets/state/measured_plans.h"
#include "widgets/state/study_state.h"

namespace fm {

// Figures of the probe come from the one probe that the measurements show. n = 0: not measured on it.
struct CompareEntry {
    enum class Kind { Teacher, Uniform, Plan, Hybrid };
    Kind kind = Kind::Plan;
    QString id;        // "plan-FLLF" or the hybrid's id: what Export and Distill take
    QString title;     // "teacher", "uniform-a K=4", "gates K=4", the hybrid's name
    std::string plan;  // key; empty when unknown
    int budget = -1;   // -1: unknown
    Estimate probe_recall, answer_kl, text_kl, eval_recall;
    bool complete = false;                      // the probe's whole design is measured
    bool elsewhere = false;                     // measured, but on other probes only
    std::shared_ptr<const ProbeScores> scores;  // sequence by sequence, of a complete measurement; null: not known
    std::optional<PlanCost> cost;               // none until the model's shape is known
    std::set<QString> runs;                     // where the figures stand, and what chose the plan
    bool pinned() const { return kind == Kind::Teacher || kind == Kind::Uniform; }
    bool isHybrid() const { return kind == Kind::Hybrid; }
};

struct CompareSources {
    const std::vector<RunEntry>* runs = nullptr;
    const StudyInfo* info = nullptr;
    const Measurements* measurements = nullptr;
    std::optional<ModelShape> shape;
    CostQuery query;
};

// Teacher first, then uniform plans, then the rest; each group by budget, smallest first.
std::vector<CompareEntry> compareEntries(const CompareSources& sources);

// Key of the plan a run worked on, as its file or the hybrid it was told to use says; empty when neither does.
std::string planOfRun(const RunEntry& run, const StudyInfo& info);

}  // namespace fm
