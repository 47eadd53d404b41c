// Everything a study has measured about plans. A score belongs to the probe that gave it: scores of two probes are
// never pooled, and what chose a plan never measures it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/plan/intervals.h"
#include "core/plan/probe_scores.h"
#include "core/plan/probe_tables.h"

namespace fm {

// One plan on one probe: the teacher's weights with the study's branches, or a recovered hybrid's.
struct MeasuredPlan {
    std::string plan;    // key, "FLLF..."
    std::string hybrid;  // id of the recovered hybrid; empty: no recovery
    int budget = 0;
    Estimate answer_kl, exact_match, text_kl;  // n = 0: not measured; nat for KL
    std::int64_t answers = 0;
    std::int64_t planned_sequences = 0;  // of the probe's whole design, text included
    bool complete = false;               // all of them are measured
    bool measured = false;               // every task has enough sequences for the word
    std::string identity;                // of the probe
    ProbePurpose purpose = ProbePurpose::Measure;
    std::string run;     // id of the run where it stands; empty: only the engine has it
    std::string source;  // "probe", or the rule of a selection: "uniform-a", ...
    // KL and exactness of every sequence, for paired comparison; null: not known.
    std::shared_ptr<const ProbeScores> scores;

    std::int64_t sequences() const { return answer_kl.n + text_kl.n; }
};

// What a probe can be asked to measure: a plan, or a recovered hybrid.
struct ProbeSubject {
    std::string plan, hybrid;
    bool operator==(const ProbeSubject&) const = default;
};

// What a probe asks, in the words of a probe's spec: enough to measure another plan on it.
struct ProbeDesign {
    std::vector<std::string> tasks;
    std::vector<int> lengths;    // tokens
    std::int64_t sequences = 0;  // of each task at each length; 0: the engine's own choice
    std::int64_t seed = -1;      // -1: not known
    std::int64_t planned_sequences = 0;
};

// Who chose a plan. A name for the plan, no measurement of it.
struct ChosenPlan {
    std::string plan, by, run;  // by: "gates" or the rule of a selection
};

// What the singles and pairs of one study say. NaN where not measured.
struct LayerEffects {
    std::vector<double> single;                   // nat, answer KL with that layer alone linear
    std::map<std::pair<int, int>, double> extra;  // i < j: what both cost beyond the sum of each alone, nat
    bool complete() const;                        // every single is there
};

// Plans measured with one branch set.
struct Measurements {
    std::string branches;                        // id of the branch set; empty: nothing measured
    std::vector<MeasuredPlan> plans;             // of every probe, in order of time
    std::map<std::string, ProbeDesign> designs;  // by identity
    std::vector<ChosenPlan> chosen;              // in order of time
    LayerEffects effects;
    int runs_without_identity = 0;  // measured before probes had an identity: nobody knows what on
    std::string wanted_probe;       // identity that the user chose to see; empty: the one with most plans

    bool empty() const;
    bool sameSize(const Measurements& other) const;  // of one run at two times: nothing was added

    std::vector<std::string> probes() const;  // identities, in order of their first measurement
    std::string probe() const;                // the identity that is shown; the newest of those with most plans

    // On the probe that is shown: the measurement of most sequences, the newest among equals; null when there is none.
    const MeasuredPlan* find(const std::string& plan_key, const std::string& hybrid = {}) const;
    // On the probe that is shown: every measured plan once, as find() would give it, in order of key. No hybrids.
    std::vector<const MeasuredPlan*> distinct() const;
};

// Adds what a later run measured. Another branch set makes earlier measurements void, but for the teacher's own plan
// and for hybrids, which bring theirs.
void addMeasurements(const Measurements& later, Measurements& to);

}  // namespace fm
