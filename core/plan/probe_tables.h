// The tables in which probes are recorded: one row for each plan ("probes"), one for each of its sequences
// ("sequences"), from which every average and interval can be computed again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/plan/plan.h"
#include "core/plan/probe_scores.h"
#include "core/run/table.h"

namespace fm {

// What a probe's data are for. Their seeds never meet: what chose a plan cannot judge it.
enum class ProbePurpose {
    Measure,  // reports
    Choose,   // ranks plans, proposes swaps
    Confirm,  // accepts or refuses what Choose proposed
    Judge,    // compares the finished plans of a study
};
const char* toString(ProbePurpose purpose);
ProbePurpose probePurposeFromString(const std::string& text);  // InputError for another word

Table probeTable(std::int64_t num_layers);
// `step` is the step of the job the plan belongs to, -1 where there is none.
Row probeRow(std::int64_t step, const Plan& plan, const ProbeScores& scores, ProbePurpose purpose);

Table sequenceTable();
// `subject`: index of the row of "probes" (or of the job's own table of plans) that the sequence belongs to.
Row sequenceRow(std::int64_t subject, const SequenceScore& score);

}  // namespace fm
