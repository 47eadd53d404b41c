#include "app/cli/job_verb.h"

#include "app/cli/output.h"
#include "app/cli/terminal_job.h"

namespace fm::cli {

int runJobVerb(const CliContext& cli, const Job& job, nlohmann::json given, bool print_spec,
               const std::string& resume_id) {
    if (!resume_id.empty()) {
        if (!given.empty())
            throw InputError({"resume", given.begin().key(), "no other field: the run's own spec counts"});
        given = storedSpec({job.name, runsFolder(cli.global), resume_id});
    }
    if (!print_spec) return startJob(cli, job, given, resume_id);
    nlohmann::json spec = completeSpec(job, given);
    spec["job"] = job.name;
    if (!cli.global.study.empty()) spec["study"] = cli.global.study;
    printResult(cli.global, spec, dumpJson(spec) + "\n");
    return kExitDone;
}

}  // namespace fm::cli
