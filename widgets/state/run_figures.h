// The few figures of a run that lists and comparisons show beside its name.
#pragma once

#include <optional>
#include <string>

#include "widgets/state/run_spec.h"

namespace fm {

class RunReader;

// Absent where the job has none. All from the run file.
struct RunFigures {
    std::string plan;                               // key of the plan the run chose, probed or worked on
    std::optional<int> budget;                      // K
    std::optional<double> recall;                   // exact match of the newest probe, or mean recall of an evaluation
    std::optional<double> recall_low, recall_high;  // 95 %; absent where the run does not say
    std::optional<double> answer_kl, text_kl;       // nat
};

// Throws FormatError for damaged columns.
RunFigures figuresOf(const RunReader& reader, const SpecFields& spec);

}  // namespace fm
