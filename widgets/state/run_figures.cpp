#include "widgets/state/run_figures.h"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "core/store/run_reader.h"

namespace fm {
namespace {

std::optional<double> numberAt(const RunReader& reader, const char* column, std::int64_t row) {
    const std::vector<double> values = reader.readNumbers(column, row, 1);
    return values.empty() ? std::nullopt : std::optional(values[0]);
}

void fillFrom(const RunReader& reader, const std::string& group, std::int64_t row, RunFigures& figures) {
    const auto number = [&](const char* name) { return numberAt(reader, (group + "/" + name).c_str(), row); };
    const std::vector<std::string> plans = reader.readTexts(group + "/plan", row, 1);
    if (!plans.empty()) figures.plan = plans[0];
    figures.budget = static_cast<int>(std::count(figures.plan.begin(), figures.plan.end(), 'F'));
    figures.recall = number("exact_match");
    if (const auto half_width = number("exact_match_half_width"); figures.recall && half_width) {
        figures.recall_low = std::max(0.0, *figures.recall - *half_width);
        figures.recall_high = std::min(1.0, *figures.recall + *half_width);
    }
    figures.answer_kl = number("answer_kl");
    figures.text_kl = number("text_kl");
}

// The mean over tasks in the last row of the scores. A run that is under way, or of an earlier version, has its answers
// only: their mean, without an interval.
void fillFromEvaluation(const RunReader& reader, RunFigures& figures) {
    const auto scores = reader.find("eval/scores/recall");
    if (const std::int64_t rows = scores ? reader.rows(scores->table) : 0; rows > 0) {
        figures.recall = numberAt(reader, "eval/scores/recall", rows - 1);
        figures.recall_low = numberAt(reader, "eval/scores/recall_low", rows - 1);
        figures.recall_high = numberAt(reader, "eval/scores/recall_high", rows - 1);
        return;
    }
    const std::vector<double> recalls = reader.readNumbers("eval/samples/recall");
    if (recalls.empty()) return;
    figures.recall = std::reduce(recalls.begin(), recalls.end()) / static_cast<double>(recalls.size());
}

std::optional<int> budgetIn(const SpecFields& spec) {
    const std::string text = specField(spec, "budget");
    int budget = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), budget);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole && budget >= 0 && budget < 4096 ? std::optional(budget) : std::nullopt;
}

}  // namespace

RunFigures figuresOf(const RunReader& reader, const SpecFields& spec) {
    RunFigures figures;
    figures.budget = budgetIn(spec);
    if (reader.find("probes/plan")) {
        const std::int64_t rows = reader.rows(reader.find("probes/plan")->table);
        if (rows > 0) fillFrom(reader, "probes", rows - 1, figures);
    } else if (reader.find("plans/answer_kl")) {
        const std::vector<double> kl = reader.readNumbers("plans/answer_kl");
        if (!kl.empty()) fillFrom(reader, "plans", std::min_element(kl.begin(), kl.end()) - kl.begin(), figures);
    } else if (reader.find("eval/samples/recall")) {
        fillFromEvaluation(reader, figures);
    }
    return figures;
}

}  // namespace fm
