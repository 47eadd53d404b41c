// What `flashmorph select` prints.
#include "app/cli/job_text.h"
#include "app/cli/plan_text.h"

namespace fm::cli {

namespace {

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

std::string selectText(const SelectOutcome& outcome) {
    std::string text = "chosen on one probe, measured on another:\n" + scoresHeader("selector");
    for (const SelectedPlan& p : outcome.result.plans) text += scoresLine(p.selector, p.plan, p.scores);
    if (outcome.seeds > 1) text += inclusionText(outcome.result.inclusion, outcome.seeds);
    return text;
}

}  // namespace fm::cli
