// What the jobs of a study do before they begin: every choice that the spec left open is made and written back into the
// spec, so that the run file says what was done and not what was asked for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/field_list.h"
#include "core/data/batch_source.h"
#include "core/jobs/job_runner.h"
#include "core/jobs/study_session.h"
#include "core/jobs/workplace.h"
#include "core/run/job_context.h"

namespace fm {

// Thread: the job's.
struct JobSetup {
    JobSetup(JobContext& job_context, const JobFiles& job_files, Workplace& workplace)
        : context(job_context), files(job_files), session(workplace.session()) {}

    // The branch set of that id, or the newest of the study.
    BranchSet fillBranches(std::string& id) const;
    // The plan that was asked for; "the newest gate run" means another run later.
    Plan fillPlan(PlanChoice& choice) const;

    // Opens the run. `parents` may hold "": what took no part. The progress of the run tells the memory.
    template <class Spec>
    void open(const char* job, const Spec& spec, const std::vector<std::string>& parents,
              std::vector<Table> tables) const {
        openRun(job, specToJson(spec), parents, std::move(tables));
    }

    JobContext& context;
    const JobFiles& files;
    StudySession& session;

private:
    void openRun(const char* job, const nlohmann::json& spec, const std::vector<std::string>& parents,
                 std::vector<Table> tables) const;
};

// Training data: the retrieval tasks in equal shares, and `text_share` of plain text where the study has a text.
BatchMix retrievalMix(const StudySession& session, const std::vector<std::string>& tasks,
                      const std::vector<int>& lengths, double text_share, std::int64_t tokens_per_batch);

}  // namespace fm
