// Everything a study has measured about plans, read from its run files: probes, selections, pair maps.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "widgets/state/run_spec.h"

namespace fm {

class RunReader;

// One plan's probe: the teacher's weights with the study's branches, no recovery.
struct MeasuredPlan {
    std::string plan;  // key, "FLLF..."
    int budget = 0;
    double answer_kl = 0, answer_kl_half_width = 0;  // nat; 95 %
    double exact_match = 0, exact_match_half_width = 0;
    double text_kl = 0;
    double answers = 0;  // how many were measured; 0: not recorded
    std::string run;     // id of the run where it stands
    std::string source;  // "probe", "gates", or the rule of a selection: "uniform-a", ...
};

// What the singles and pairs of one study say. NaN where not measured.
struct LayerEffects {
    std::vector<double> single;                   // nat, answer KL with that layer alone linear
    std::map<std::pair<int, int>, double> extra;  // i < j: what both cost beyond the sum of each alone, nat
    bool complete() const;                        // every single is there
};

// Plans measured with one branch set.
struct Measurements {
    std::string branches;             // id of the branch set; empty: nothing measured
    std::vector<MeasuredPlan> plans;  // in order of time
    LayerEffects effects;
    bool empty() const { return plans.empty() && effects.single.empty(); }
    bool sameSize(const Measurements& other) const;  // of one run at two times: nothing was added

    // The one with most answers, the newest among equals; null when never measured.
    const MeasuredPlan* find(const std::string& plan_key) const;
    // Every measured plan once, as find() would give it, in order of key.
    std::vector<const MeasuredPlan*> distinct() const;
};

// What one run file holds; nothing for runs of recovered hybrids and of jobs that measure no plan.
Measurements measurementsOf(const RunReader& reader, const SpecFields& spec);

// Adds what a later run measured. Another branch set makes earlier measurements void, but for the teacher's own plan.
void addMeasurements(const Measurements& later, Measurements& to);

}  // namespace fm
