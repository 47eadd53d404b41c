#include "widgets/state/measured_plans.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace fm {
namespace {

using Subject = std::pair<std::string, std::string>;  // plan, hybrid

Subject subjectOf(const MeasuredPlan& measured) { return {measured.plan, measured.hybrid}; }

bool saysMore(const MeasuredPlan& candidate, const MeasuredPlan& than) {
    return candidate.sequences() >= than.sequences();
}

}  // namespace

bool LayerEffects::complete() const {
    return !single.empty() && std::none_of(single.begin(), single.end(), [](double v) { return std::isnan(v); });
}

bool Measurements::empty() const {
    return plans.empty() && chosen.empty() && effects.single.empty() && runs_without_identity == 0;
}

bool Measurements::sameSize(const Measurements& other) const {
    return plans.size() == other.plans.size() && chosen.size() == other.chosen.size() && branches == other.branches &&
           effects.extra.size() == other.effects.extra.size() && effects.single.size() == other.effects.single.size() &&
           runs_without_identity == other.runs_without_identity;
}

std::vector<std::string> Measurements::probes() const {
    std::vector<std::string> identities;
    for (const MeasuredPlan& measured : plans) {
        if (std::find(identities.begin(), identities.end(), measured.identity) == identities.end())
            identities.push_back(measured.identity);
    }
    return identities;
}

std::string Measurements::probe() const {
    std::map<std::string, std::set<Subject>> subjects;
    for (const MeasuredPlan& measured : plans) subjects[measured.identity].insert(subjectOf(measured));
    if (subjects.contains(wanted_probe)) return wanted_probe;
    std::string shown;
    std::size_t most = 0;
    for (auto measured = plans.rbegin(); measured != plans.rend(); ++measured) {
        const std::size_t count = subjects[measured->identity].size();
        if (count <= most) continue;
        most = count;
        shown = measured->identity;
    }
    return shown;
}

const MeasuredPlan* Measurements::find(const std::string& plan_key, const std::string& hybrid) const {
    const std::string identity = probe();
    const MeasuredPlan* found = nullptr;
    for (const MeasuredPlan& measured : plans) {
        if (measured.identity != identity || measured.plan != plan_key || measured.hybrid != hybrid) continue;
        if (!found || saysMore(measured, *found)) found = &measured;
    }
    return found;
}

std::vector<const MeasuredPlan*> Measurements::distinct() const {
    const std::string identity = probe();
    std::map<std::string, const MeasuredPlan*> by_key;
    for (const MeasuredPlan& measured : plans) {
        if (measured.identity != identity || !measured.hybrid.empty()) continue;
        const MeasuredPlan*& found = by_key[measured.plan];
        if (!found || saysMore(measured, *found)) found = &measured;
    }
    std::vector<const MeasuredPlan*> all;
    for (const auto& [key, measured] : by_key) all.push_back(measured);
    return all;
}

void addMeasurements(const Measurements& later, Measurements& to) {
    if (later.empty()) return;
    if (!later.branches.empty() && later.branches != to.branches) {
        std::erase_if(to.plans, [](const MeasuredPlan& measured) {
            return measured.hybrid.empty() && measured.plan.find('L') != std::string::npos;
        });
        to.chosen.clear();
        to.effects = {};
        to.branches = later.branches;
    }
    to.plans.insert(to.plans.end(), later.plans.begin(), later.plans.end());
    to.chosen.insert(to.chosen.end(), later.chosen.begin(), later.chosen.end());
    to.designs.insert(later.designs.begin(), later.designs.end());
    to.runs_without_identity += later.runs_without_identity;
    // A pair map says more than remove-one; an unfinished one replaces nothing that is complete.
    const bool has_pairs = !later.effects.extra.empty();
    if (later.effects.complete() && (has_pairs || to.effects.extra.empty())) to.effects = later.effects;
}

}  // namespace fm
