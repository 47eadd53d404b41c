// The few figures of a run that lists and comparisons show beside its name.
#pragma once

#include <optional>
#include <string>

#include "widgets/state/measured_plans.h"
#include "widgets/state/run_spec.h"

namespace fm {

class RunReader;

// Not known (n = 0) where the job has none, or none that measures: what chose a plan is no figure of it. All from the
// run file.
struct RunFigures {
    std::string plan;                        // key of the plan the run chose, probed or worked on
    std::optional<int> budget;               // K
    Estimate recall;                         // exact match of the newest probe, or mean recall of an evaluation
    Estimate answer_kl, text_kl;             // nat
    std::string identity;                    // of the probe; empty for an evaluation
    bool measured_without_identity = false;  // by an older program: nobody knows on what
};

// Throws FormatError for damaged columns.
// `measured`: what measurementsOf() says of the same file.
RunFigures figuresOf(const RunReader& reader, const SpecFields& spec, const Measurements& measured);

}  // namespace fm
