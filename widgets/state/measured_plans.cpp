#include "widgets/state/measured_plans.h"

#include <algorithm>
#include <cmath>
#include <limits>

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

// Plans that a run measured: of probes, which say from how many answers, or of a selection, which says by which rule.
void readPlans(const RunReader& reader, const std::string& group, Measurements& to) {
    const auto numbers = [&](const char* name) { return reader.readNumbers(group + "/" + name); };
    const bool by_rule = reader.find(group + "/selector").has_value();
    const std::vector<std::string> plans = reader.readTexts(group + "/plan");
    const std::vector<double> kl = numbers("answer_kl"), kl_half = numbers("answer_kl_half_width");
    const std::vector<double> exact = numbers("exact_match"), exact_half = numbers("exact_match_half_width");
    const std::vector<double> text_kl = numbers("text_kl");
    std::vector<std::string> sources(plans.size(), reader.header().job);
    std::vector<double> answers(plans.size(), 0);
    if (by_rule) sources = reader.readTexts(group + "/selector");
    if (!by_rule) answers = numbers("answers");
    const std::size_t rows = std::min({plans.size(), kl.size(), kl_half.size(), exact.size(), exact_half.size(),
                                       text_kl.size(), sources.size(), answers.size()});
    for (std::size_t i = 0; i < rows; ++i) {
        to.plans.push_back({plans[i], budgetOf(plans[i]), kl[i], kl_half[i], exact[i], exact_half[i], text_kl[i],
                            answers[i], reader.header().run_id, sources[i]});
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
    const int num_layers = reader.column("interact/plan").width;
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

bool Measurements::sameSize(const Measurements& other) const {
    return plans.size() == other.plans.size() && branches == other.branches &&
           effects.extra.size() == other.effects.extra.size() && effects.single.size() == other.effects.single.size();
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

Measurements measurementsOf(const RunReader& reader, const SpecFields& spec) {
    Measurements measured;
    if (!specField(spec, "hybrid").empty()) return measured;
    if (reader.find("probes/plan")) readPlans(reader, "probes", measured);
    if (reader.find("plans/answer_kl")) readPlans(reader, "plans", measured);
    if (reader.find("measured/objective")) readRemoved(reader, measured);
    if (reader.find("interact/single") && reader.find("interact/plan")) readPairMap(reader, measured);
    if (!measured.empty()) measured.branches = branchesOf(reader.header());
    return measured;
}

void addMeasurements(const Measurements& later, Measurements& to) {
    if (later.empty()) return;
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
