#include "widgets/state/run_figures.h"

#include <algorithm>
#include <charconv>

#include "core/plan/plan_spelling.h"
#include "core/store/run_reader.h"
#include "widgets/state/eval_sequences.h"

namespace fm {
namespace {

// The newest of a probe's measurements, the best of a selection's; without one the plan of the last row, which is what
// a gate run ended with.
void fillFromProbes(const RunReader& reader, const Measurements& measured, RunFigures& figures) {
    const auto is_better = [](const MeasuredPlan& a, const MeasuredPlan& b) {
        return a.answer_kl.value < b.answer_kl.value;
    };
    const std::vector<MeasuredPlan>& plans = measured.plans;
    if (plans.empty()) {
        const std::int64_t rows = reader.rows(reader.find("probes/plan")->table);
        if (rows > 0) figures.plan = reader.readTexts("probes/plan", rows - 1, 1).at(0);
    } else {
        const bool of_selection = reader.find("plans/selector").has_value();
        const MeasuredPlan& best =
            of_selection ? *std::min_element(plans.begin(), plans.end(), is_better) : plans.back();
        figures.plan = best.plan;
        figures.recall = best.exact_match;
        figures.answer_kl = best.answer_kl;
        figures.text_kl = best.text_kl;
        figures.identity = best.identity;
    }
    if (!figures.plan.empty()) figures.budget = budgetOfKey(figures.plan);
}

void fillFromEvaluation(const RunReader& reader, RunFigures& figures) {
    const std::vector<std::string> task = reader.readTexts("eval/samples/task"),
                                   seed = reader.readTexts("eval/samples/seed");
    const std::vector<double> tokens = reader.readNumbers("eval/samples/tokens"),
                              depth = reader.readNumbers("eval/samples/depth"),
                              recall = reader.readNumbers("eval/samples/recall");
    std::vector<double> sequence;
    if (reader.find("eval/samples/sequence")) sequence = reader.readNumbers("eval/samples/sequence");
    Strata strata;
    for (auto& [cell, values] : sequenceRecalls({task, seed, tokens, depth, sequence, recall}))
        strata.push_back(values);
    figures.recall = boundedMean(strata, 0, 1);
}

std::optional<int> budgetIn(const SpecFields& spec) {
    const std::string text = specField(spec, "budget");
    int budget = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), budget);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole && budget >= 0 && budget < 4096 ? std::optional(budget) : std::nullopt;
}

}  // namespace

RunFigures figuresOf(const RunReader& reader, const SpecFields& spec, const Measurements& measured) {
    RunFigures figures;
    figures.budget = budgetIn(spec);
    figures.measured_without_identity = measured.runs_without_identity > 0;
    if (reader.find("probes/plan")) {
        fillFromProbes(reader, measured, figures);
    } else if (reader.find("eval/samples/recall")) {
        fillFromEvaluation(reader, figures);
    }
    return figures;
}

}  // namespace fm
