// Judges the plans and hybrids of a study against each other: one large probe that chose nothing, all of them on the
// same sequences, every difference paired.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/field_list.h"
#include "core/engine/plan_evaluator.h"
#include "core/plan/probe_tables.h"
#include "core/run/job_context.h"

namespace fm {

struct JudgeSpec {
    std::vector<std::string> subjects;
    std::string branches;
    std::vector<std::string> tasks, unseen;
    std::vector<int> lengths;
    std::int64_t sequences = 0;
    double text_kl_weight = 0.15;
    std::int64_t seed = 1;

    template <class Self, class Visitor>
    static void forEachField(Self& s, Visitor&& visit) {
        visit(
            s.subjects,
            FieldInfo{.name = "subjects",
                      .unit = "",
                      .help = "what is judged: all-linear, uniform-a@K, uniform-b@K, layers:4 8, run:ID of a gate run, "
                              "hybrid:ID; none: every plan that a gate run or a rule of the study chose, and every "
                              "hybrid"});
        visit(s.branches, FieldInfo{.name = "branches", .unit = "", .help = "id of the branch set; none: the newest"});
        visit(s.tasks,
              FieldInfo{.name = "tasks",
                        .unit = "",
                        .help = "retrieval tasks like those of training; none: what the teacher was trained on"});
        visit(s.unseen,
              FieldInfo{.name = "unseen",
                        .unit = "",
                        .help = "tasks of families that neither gates nor recovery used; none: what the study "
                                "has not used yet"});
        visit(s.lengths,
              FieldInfo{"lengths", "tokens", "context lengths; none: what the teacher was trained on", 16, 1048576});
        visit(s.sequences, FieldInfo{"sequences", "sequences",
                                     "sequences of each task at each length, and of plain text at each length; 0: four "
                                     "times those of a probe",
                                     0, 65536});
        visit(s.text_kl_weight,
              FieldInfo{"text_kl_weight", "", "weight of text KL beside answer KL when subjects are ordered", 0, 10});
        visit(s.seed, FieldInfo{"seed", "", "seed of the probe", 0, 9.0e15});
    }
};

// Refers to objects owned by the caller. `branches` may be null for an all-full plan.
struct JudgeSubject {
    std::string name;    // who chose it, or the hybrid's name
    std::string hybrid;  // id; "" for a plan of the teacher's weights
    Plan plan;
    const DecoderWeights* weights = nullptr;
    const BranchSet* branches = nullptr;
};

struct JudgedSubject {
    JudgeSubject subject;
    ProbeScores all;           // every task
    ProbeScores seen, unseen;  // of the two groups of tasks; n = 0 where a group is empty
};

struct JudgeResult {
    std::vector<JudgedSubject> subjects;                   // in the order given
    std::vector<std::vector<ScoreDifference>> difference;  // [i][j] = i - j, on all tasks
    // Subjects of budget K that the best of that budget is not told apart from, itself included; by index.
    std::vector<std::size_t> tiedWithBest(int budget) const;
    double text_kl_weight = 0;
};

// Table 0 "subjects", table 1 "groups" (seen and unseen tasks of each subject), table 2 "differences" (pairs of one
// budget), table 3 "probes": row i judges subject i; table 4 "sequences".
std::vector<Table> judgeTables(std::int64_t num_layers);

JudgeResult runJudge(const JudgeSpec& spec, const std::vector<JudgeSubject>& subjects, ProbeSet& probe,
                     JobContext& context);

}  // namespace fm
