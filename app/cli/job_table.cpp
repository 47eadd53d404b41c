#include "app/cli/job_table.h"

#include "core/base/error.h"

namespace fm::cli {

CliContext::CliContext() = default;
CliContext::~CliContext() = default;

nlohmann::json completeSpec(const Job& job, const nlohmann::json& given) {
    std::vector<Problem> problems;
    nlohmann::json spec = job.complete(given, problems);
    if (!problems.empty()) throw InputError(std::move(problems));
    return spec;
}

int startJob(const GlobalOptions& global, const Job& job, const nlohmann::json& spec, const std::string& resume_id) {
    if (job.needs_study && global.study.empty()) {
        throw InputError({"study", "", "--study FOLDER, the study that holds teacher, branches and runs"});
    }
    const nlohmann::json complete = completeSpec(job, spec);
    Workplace workplace(global);
    return runJob(global, {job.name, runsFolder(global), resume_id}, [&](JobContext& context, const JobFiles& files) {
        return job.run(context, files, complete, workplace);
    });
}

}  // namespace fm::cli
