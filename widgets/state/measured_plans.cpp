#include "widgets/state/measured_plans.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "core/run/run_id.h"
#include "core/store/run_reader.h"

namespace fm {
namespace {

constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();

int budgetOf(const std::string& plan_key) {
    return static_cast<int>(std::count(plan_key.begin(), plan_key.end(), 'F'));
}

// The branch set stands among the run's parents, beside runs and the teacher's hash, and first.
std::string branchesOf(const RunOpened& header) {
    for (const std::string& parent : header.parents) {
        if (!isRunId(parent) && parent != header.teacher_hash) return parent;
    }
    return {};
}

bool measuresHybrid(const RunOpened& header) {
    const nlohmann::json spec = nlohmann::json::parse(header.spec_json, nullptr, false);
    return spec.is_object() && spec.contains("hybrid") && spec["hybrid"].is_string() &&
           !spec["hybrid"].get_ref<const std::string&>().empty();
}

void readProbes(const RunReader& reader, Measurements& to) {
    const std::vector<std::string> plans = reader.readTexts("probes/plan");
    const std::vector<double> kl = reader.readNumbers("probes/answer_kl");
    const std::vector<double> kl_half = reader.readNumbers("probes/answer_kl_half_width");
    const std::vector<double> exact = reader.readNumbers("probes/exact_match");
    const std::vector<double> exact_half = reader.readNumbers("probes/exact_match_half_width");
    const std::vector<double> text_kl = reader.readNumbers("probes/text_kl");
    const std::vector<double> answers = reader.readNumbers("probes/answers");
    const std::size_t rows = std::min(
        {plans.size(), kl.size(), kl_half.size(), exact.size(), exact_half.size(), text_kl.size(), answers.size()});
    for (std::size_t i = 0; i < rows; ++i) {
        to.plans.push_back({plans[i], budgetOf(plans[i]), kl[i], kl_half[i], exact[i], exact_half[i], text_kl[i],
                            answers[i], reader.header().run_id, reader.header().job});
    }
}

void readSelected(const RunReader& reader, Measurements& to) {
    const std::vector<std::string> plans = reader.readTexts("plans/plan");
    const std::vector<std::string> rules = reader.readTexts("plans/selector");
    const std::vector<double> kl = reader.readNumbers("plans/answer_kl");
    const std::vector<double> kl_half = reader.readNumbers("plans/answer_kl_half_width");
    const std::vector<double> exact = reader.readNumbers("plans/exact_match");
    const std::vector<double> exact_half = reader.readNumbers("plans/exact_match_half_width");
    const std::vector<double> text_kl = reader.readNumbers("plans/text_kl");
    const std::size_t rows = std::min(
        {plans.size(), rules.size(), kl.size(), kl_half.size(), exact.size(), exact_half.size(), text_kl.size()});
    for (std::size_t i = 0; i < rows; ++i) {
        to.plans.push_back({plans[i], budgetOf(plans[i]), kl[i], kl_half[i], exact[i], exact_half[i], text_kl[i], 0,
                            reader.header().run_id, rules[i]});
    }
}

// Plans with one linear layer that a selection measured on its way. Their objective holds some text KL too: a scale
// that the predictor's calibration takes out.
void readRemoved(const RunReader& reader, Measurements& to) {
    const std::vector<std::string> plans = reader.readTexts("measured/plan");
    const std::vector<double> objective = reader.readNumbers("measured/objective");
    for (std::size_t i = 0; i < std::min(plans.size(), objective.size()); ++i) {
        if (budgetOf(plans[i]) + 1 != static_cast<int>(plans[i].size())) continue;
        to.effects.single.resize(plans[i].size(), kNotMeasured);
        to.effects.single[plans[i].find('L')] = objective[i];
    }
}

void readPairMap(const RunReader& reader, Measurements& to) {
    const std::vector<std::int64_t> layers = reader.readIntegers("interact/layer");
    const std::vector<double> single = reader.readNumbers("interact/single");
    const auto plan_column = reader.find("interact/plan").value();
    const auto& tables = reader.header().tables;
    const int num_layers =
        tables[static_cast<std::size_t>(plan_column.table)].columns[static_cast<std::size_t>(plan_column.column)].width;
    const auto inside = [num_layers](std::int64_t layer) { return layer >= 0 && layer < num_layers; };
    to.effects.single.assign(static_cast<std::size_t>(num_layers), kNotMeasured);
    for (std::size_t i = 0; i < std::min(layers.size(), single.size()); ++i) {
        if (inside(layers[i])) to.effects.single[static_cast<std::size_t>(layers[i])] = single[i];
    }
    const std::vector<std::int64_t> first = reader.readIntegers("interact/first");
    const std::vector<std::int64_t> second = reader.readIntegers("interact/second");
    const std::vector<double> extra = reader.readNumbers("interact/extra");
    for (std::size_t i = 0; i < std::min({first.size(), second.size(), extra.size()}); ++i) {
        if (!inside(first[i]) || !inside(second[i]) || first[i] == second[i]) continue;
        const int a = static_cast<int>(first[i]), b = static_cast<int>(second[i]);
        to.effects.extra[{std::min(a, b), std::max(a, b)}] = extra[i];
    }
}

bool better(const MeasuredPlan& candidate, const MeasuredPlan& than) { return candidate.answers >= than.answers; }

}  // namespace

bool LayerEffects::complete() const {
    return !single.empty() && std::none_of(single.begin(), single.end(), [](double v) { return std::isnan(v); });
}

const MeasuredPlan* Measurements::find(const std::string& plan_key) const {
    const MeasuredPlan* found = nullptr;
    for (const MeasuredPlan& measured : plans) {
        if (measured.plan == plan_key && (!found || better(measured, *found))) found = &measured;
    }
    return found;
}

std::vector<const MeasuredPlan*> Measurements::distinct() const {
    std::map<std::string, const MeasuredPlan*> by_key;
    for (const MeasuredPlan& measured : plans) {
        const MeasuredPlan*& found = by_key[measured.plan];
        if (!found || better(measured, *found)) found = &measured;
    }
    std::vector<const MeasuredPlan*> all;
    for (const auto& [key, measured] : by_key) all.push_back(measured);
    return all;
}

Measurements measurementsOf(const RunReader& reader) {
    Measurements measured;
    if (measuresHybrid(reader.header())) return measured;
    if (reader.find("probes/plan")) readProbes(reader, measured);
    if (reader.find("plans/answer_kl")) readSelected(reader, measured);
    if (reader.find("measured/objective")) readRemoved(reader, measured);
    if (reader.find("interact/single") && reader.find("interact/plan")) readPairMap(reader, measured);
    if (!measured.plans.empty() || !measured.effects.single.empty()) measured.branches = branchesOf(reader.header());
    return measured;
}

void addMeasurements(const Measurements& later, Measurements& to) {
    if (later.plans.empty() && later.effects.single.empty()) return;
    // The teacher's own plan needs no branches: its probe holds for every set.
    if (!later.branches.empty() && later.branches != to.branches) {
        std::erase_if(to.plans, [](const MeasuredPlan& plan) { return plan.plan.find('L') != std::string::npos; });
        to.effects = {};
        to.branches = later.branches;
    }
    to.plans.insert(to.plans.end(), later.plans.begin(), later.plans.end());
    // A pair map says more than remove-one; an unfinished one replaces nothing that is complete.
    const bool has_pairs = !later.effects.extra.empty();
    if (later.effects.complete() && (has_pairs || to.effects.extra.empty())) to.effects = later.effects;
}

}  // namespace fm
