// Puts a hybrid into the study: its folder, its plan, its name.
#pragma once

#include <string>

#include "core/jobs/study_session.h"

namespace fm {

// What a hybrid came from: ids, "" for none.
struct HybridOrigin {
    std::string made_by;   // the run that recovered it
    std::string gate_run;  // the run its plan is from
    std::string branches;
};

// Returns its id. `name` "": made from the plan. Throws WorldError.
std::string keepHybrid(StudySession& session, const RecoveredHybrid& hybrid, const std::string& name,
                       const HybridOrigin& origin);

}  // namespace fm
