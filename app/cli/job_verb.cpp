#include "app/cli/job_verb.h"

namespace fm::cli {

int runJobVerb(const GlobalOptions& global, const Job& job, nlohmann::json given, bool print_spec,
               const std::string& resume_id) {
    if (!resume_id.empty()) {
        if (!given.empty())
            throw InputError({"resume", given.begin().key(), "no other field: the run's own spec counts"});
        given = storedSpec({job.name, runsFolder(global), resume_id});
    }
    if (!print_spec) return startJob(global, job, given, resume_id);
    nlohmann::json spec = completeSpec(job, given);
    spec["job"] = job.name;
    if (!global.study.empty()) spec["study"] = global.study;
    printResult(global, spec, dumpJson(spec) + "\n");
    return kExitDone;
}

}  // namespace fm::cli
