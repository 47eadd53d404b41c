// What `flashmorph judge` compares: the plans that gate runs and rules of the study chose, and its hybrids.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "core/engine/judge.h"
#include "core/jobs/study_session.h"

namespace fm {

// Subjects with what they refer to.
struct JudgedStudy {
    std::vector<JudgeSubject> subjects;  // by budget, then by name
    std::vector<std::string> parents;    // run ids, hybrids, the branch set
    BranchSet branches;
    std::deque<RecoveredHybrid> hybrids;
    JudgedStudy() = default;
    JudgedStudy(const JudgedStudy&) = delete;  // subjects point into it
    JudgedStudy& operator=(const JudgedStudy&) = delete;
};

// Fills `judged` from the names of JudgeSpec::subjects, or from everything the study has when there are none. The
// all-linear plan is always among them. InputError naming what the study does not have.
void collectSubjects(const JudgeSpec& spec, StudySession& session, JudgedStudy& judged);

// Tasks of families that no gate run, alignment or recovery of the study has used: `wanted` when given, else those of
// the teacher's hints or the usual ones that its context and text allow.
std::vector<std::string> unseenTasks(const std::vector<std::string>& wanted, const std::vector<std::string>& tasks,
                                     const std::vector<int>& lengths, StudySession& session);

}  // namespace fm
