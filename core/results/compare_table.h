// Everything that the run files of a study say about plans and hybrids, as the rows of one table. Reads, never computes
// a measurement: what no run has measured stays empty.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/plan/intervals.h"
#include "core/plan/plan.h"
#include "core/store/study.h"

namespace fm {

// One plan or hybrid on one probe. Scores on different probes must not be compared, so they are different rows.
struct ComparedRow {
    std::string name;      // "teacher", "all-linear", a hybrid's name, or who chose the plan: "gates, remove-one"
    std::string hybrid;    // id; "" for a plan without weights of its own
    std::string branches;  // id of the branch set; "" where none takes part or it belongs to the hybrid
    Plan plan;
    std::string probe;                                 // letter of the probe; "" when only an eval has measured it
    std::string eval;                                  // letter of the eval; "" when there is none
    Estimate answer_kl, exact_match, text_kl, recall;  // n = 0: not measured
    std::vector<std::string> runs;                     // where the figures come from
};

struct ComparedTable {
    std::vector<ComparedRow> rows;                 // teacher and all-linear first, then by budget and answer KL
    std::map<std::string, nlohmann::json> probes;  // what stands behind each letter: tasks, lengths, seed, identity
    std::map<std::string, nlohmann::json> evals;
    std::vector<std::string> problems;  // run files that could not be read, plans that cannot be told any more
};

// `num_layers`: the teacher's. `runs`: only these; empty = all of the study. `hybrids`: only these, by id or name,
// beside teacher and all-linear; empty = all rows. Throws InputError naming every id that the study does not have.
ComparedTable compareStudy(const Study& study, int num_layers, const std::vector<std::string>& runs,
                           const std::vector<std::string>& hybrids);

// Fields whose values differ between the specs of two runs: [{"field", "a", "b"}], null where one has no such field.
nlohmann::json specDifferences(const Study& study, const std::string& run_a, const std::string& run_b);

}  // namespace fm
