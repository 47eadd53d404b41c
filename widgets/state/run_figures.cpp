#include "widgets/state/run_figures.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/store/run_reader.h"
#include "widgets/state/eval_sequences.h"
#include "widgets/state/measured_reader.h"

namespace fm {
namespace {

double numberAt(const RunReader& reader, const std::string& column, std::int64_t row) {
    const std::vector<double> values = reader.readNumbers(column, row, 1);
    return values.empty() ? 0 : values[0];
}

std::string textAt(const RunReader& reader, const std::string& column, std::int64_t row) {
    const std::vector<std::string> texts = reader.readTexts(column, row, 1);
    return texts.empty() ? std::string() : texts[0];
}

Estimate estimateAt(const RunReader& reader, const std::string& name, const char* count, std::int64_t row) {
    const std::string path = "probes/" + name;
    const Estimate e{numberAt(reader, path, row), numberAt(reader, path + "_low", row),
                     numberAt(reader, path + "_high", row),
                     static_cast<std::int64_t>(numberAt(reader, std::string("probes/") + count, row))};
    return std::isfinite(e.value) ? e : Estimate{};
}

void fillFromProbe(const RunReader& reader, std::int64_t row, RunFigures& figures) {
    figures.plan = textAt(reader, "probes/plan", row);
    figures.budget = static_cast<int>(std::count(figures.plan.begin(), figures.plan.end(), 'F'));
    if (!reader.find("probes/identity") || !isReport(textAt(reader, "probes/purpose", row))) return;
    figures.identity = textAt(reader, "probes/identity", row);
    figures.recall = estimateAt(reader, "exact_match", "sequences", row);
    figures.answer_kl = estimateAt(reader, "answer_kl", "sequences", row);
    figures.text_kl = estimateAt(reader, "text_kl", "text_sequences", row);
}

// Of a selection: the plan that its measuring probe finds best.
std::int64_t bestRow(const RunReader& reader) {
    const std::vector<double> kl = reader.readNumbers("probes/answer_kl");
    return std::min_element(kl.begin(), kl.end()) - kl.begin();
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

RunFigures figuresOf(const RunReader& reader, const SpecFields& spec) {
    RunFigures figures;
    figures.budget = budgetIn(spec);
    figures.measured_without_identity = lacksIdentity(reader);
    if (const auto probes = reader.find("probes/plan")) {
        const std::int64_t rows = reader.rows(probes->table);
        if (rows > 0) fillFromProbe(reader, reader.find("plans/selector") ? bestRow(reader) : rows - 1, figures);
    } else if (reader.find("eval/samples/recall")) {
        fillFromEvaluation(reader, figures);
    }
    return figures;
}

}  // namespace fm
