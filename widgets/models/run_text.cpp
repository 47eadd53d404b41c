#include "widgets/models/run_text.h"
#include "core/plan/plan_spelling.h"

#include <algorithm>

namespace fm {

namespace {

// PlanChoice::layers: "all", "none" or "2,5,8".
std::string layerSetText(const std::string& layers) {
    if (layers == "all") return "teacher";
    if (layers == "none") return "all linear";
    return "K=" + std::to_string(1 + std::count(layers.begin(), layers.end(), ','));
}

}  // namespace

bool isArchived(const Label& label) {
    return std::find(label.tags.begin(), label.tags.end(), archived_tag) != label.tags.end();
}

std::string aboutRun(const std::string& job, const SpecFields& spec, const std::string& plan) {
    if (const std::string hybrid = specField(spec, "hybrid"); !hybrid.empty()) return hybrid;
    if (job == "select") return specField(spec, "selectors");
    if (job == "align") return specField(spec, "kind");
    if (job == "interact") return "pairs";
    if (const std::string layers = specField(spec, "layers"); !layers.empty()) return layerSetText(layers);
    if (!plan.empty()) return "K=" + std::to_string(budgetOfKey(plan));
    if (const std::string budget = specField(spec, "budget"); !budget.empty() && budget != "-1") return "K=" + budget;
    return specField(spec, "name");
}

std::string stateWord(const RunSummary& run) {
    if (!run.problem.empty()) return "unreadable";
    if (run.interrupted) return "interrupted";
    switch (run.state) {
        case RunState::Running:
            return "live";
        case RunState::Paused:
            return "paused";
        case RunState::Finished:
            return "done";
        case RunState::Cancelled:
            return "stopped";
        case RunState::Failed:
            return "failed";
    }
    return {};
}

}  // namespace fm
