#include "widgets/state/run_figures.h"

#include <algorithm>
#include <charconv>
#include <cmath>

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
    figures.recall_half_width = number("exact_match_half_width");
    figures.answer_kl = number("answer_kl");
    figures.text_kl = number("text_kl");
}

void fillFromEvaluation(const RunReader& reader, RunFigures& figures) {
    const std::vector<double> recall = reader.readNumbers("eval/samples/recall");
    if (recall.empty()) return;
    double sum = 0, squares = 0;
    for (const double r : recall) {
        sum += r;
        squares += r * r;
    }
    const double n = double(recall.size()), mean = sum / n;
    figures.recall = mean;
    if (n > 1) figures.recall_half_width = 1.96 * std::sqrt(std::max(0.0, squares / n - mean * mean) / (n - 1));
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
