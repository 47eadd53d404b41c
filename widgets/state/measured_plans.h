// Everything a study has measured about plans, read from its run files: probes, selections, pair maps.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fm {

class RunData;
class RunReader;

// One plan's probe: teacher weights with the study's branches, no recovery.
struct MeasuredPlan {
    std::string plan;  // key, "FLLF..."
    int budget = 0;
    double answer_kl = 0, answer_kl_half_width = 0;  // nat; 95 %
    double exact_match = 0, exact_match_half_width = 0;
    double text_kl = 0;
    double answers = 0;  // how many were measured; 0: not recorded
    std::string run;     // where it stands
    std::string source;  // "probe", "gates", or the rule of a selection: "uniform-a", ...
};

// What the singles and pairs of one study say. NaN where not measured.
struct LayerEffects {
    std::vector<double> single;                   // nat, answer KL with that layer alone linear
    std::map<std::pair<int, int>, double> extra;  // i < j: what both cost beyond the sum of each alone, nat
    bool empty() const { return single.empty(); }
};

struct Measurements {
    std::vector<MeasuredPlan> plans;  // in order of time; a later one replaces an earlier one of the same plan
    LayerEffects effects;
    const MeasuredPlan* find(const std::string& plan_key) const;  // the newest; null when never measured
};

// Adds what one run file holds; runs of recovered hybrids and of other jobs add nothing.
void addMeasurements(const RunReader& reader, Measurements& to);

}  // namespace fm
