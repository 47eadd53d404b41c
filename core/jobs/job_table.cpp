#include "core/jobs/job_table.h"

#include <type_traits>

#include "core/base/joined.h"
#include "core/jobs/align_job.h"
#include "core/jobs/distill_job.h"
#include "core/jobs/eval_job.h"
#include "core/jobs/export_job.h"
#include "core/jobs/field_json.h"
#include "core/jobs/gates_job.h"
#include "core/jobs/interact_job.h"
#include "core/jobs/judge_job.h"
#include "core/jobs/pretrain_job.h"
#include "core/jobs/probe_job.h"
#include "core/jobs/select_job.h"
#include "core/jobs/spec_parser.h"
#include "core/plan/pins.h"

namespace fm {

namespace {

template <class Spec>
std::vector<Problem> parseFields(const nlohmann::json& json, Spec& spec) {
    std::vector<Problem> problems = specFromJson(json, spec);
    if constexpr (requires { spec.plan.pins; }) parsePins(spec.plan.pins, problems);
    return problems;
}

// One job of the table. `parse` is another one where the defaults depend on a field.
template <class Spec, class Result>
Job makeJob(const char* name, const char* help, Result (*run)(JobContext&, const JobFiles&, const Spec&, Workplace&),
            SpecParser<Spec> parse = parseFields<Spec>) {
    Job job{name, help, true, fieldsJson(Spec{}), {}, {}};
    job.complete = [parse](const nlohmann::json& given, std::vector<Problem>& problems) {
        Spec spec;
        problems = parse(given, spec);
        return specToJson(spec);
    };
    job.run = [run, parse](JobContext& context, const JobFiles& files, const nlohmann::json& json,
                           Workplace& workplace) {
        Result result = run(context, files, parseSpec<Spec>(json, parse), workplace);
        JobOutcome outcome{toJson(result), {}, false};
        if constexpr (requires { result.refused(); }) outcome.refused = result.refused();
        outcome.result = std::move(result);
        return outcome;
    };
    return job;
}

std::vector<Job> allJobs() {
    std::vector<Job> jobs = {
        makeJob("align", "train one linear branch beside every attention layer", runAlignJob),
        makeJob<GatesSpec>("gates", "optimise one gate per layer and choose a plan under a budget", runGatesJob,
                           gatesSpecFromJson),
        makeJob("probe", "measure one plan or hybrid against the teacher on held-out data", runProbeJob),
        makeJob("select", "choose layers by the baseline rules, on the probe's measure", runSelectJob),
        makeJob("interact", "map how layers depend on each other", runInteractJob),
        makeJob("judge", "hold the plans and hybrids of a study against each other on one large unseen probe",
                runJudgeJob),
        makeJob("distill", "recover a hybrid by logit distillation from the teacher", runDistillJob),
        makeJob("eval", "generation-based retrieval over depth and length, every sample stored", runEvaluateJob),
        makeJob("export", "write a hybrid as a folder that other programs load, with a verdict", runExportJob),
        makeJob("pretrain", "train a small teacher from a tokenizer and text", runPretrainJob),
    };
    jobs.back().needs_study = false;
    return jobs;
}

}  // namespace

const JobTable& jobTable() {
    static const JobTable table = [] {
        JobTable by_name;
        for (Job& job : allJobs()) by_name[job.name] = std::move(job);
        return by_name;
    }();
    return table;
}

std::string jobNames() {
    std::vector<std::string> names;
    for (const auto& [name, job] : jobTable()) names.push_back(name);
    return joinedWords(names);
}

nlohmann::json completeSpec(const Job& job, const nlohmann::json& given) {
    std::vector<Problem> problems;
    nlohmann::json spec = job.complete(given, problems);
    if (!problems.empty()) throw InputError(std::move(problems));
    return spec;
}

}  // namespace fm
