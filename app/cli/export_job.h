// Exporting out of a study as a job: what the verb, the demo and `flashmorph serve` share.
#pragma once

#include <string>

#include "app/cli/job_runner.h"
#include "app/cli/workplace.h"
#include "core/base/field_list.h"
#include "core/export/exporter.h"
#include "core/plan/plan_choice.h"

namespace fm::cli {

struct ExportSpec {
    std::string format;
    std::string out;
    std::string dtype = "bf16";
    std::string hybrid;
    std::string branches;
    PlanChoice plan;

    template <class Self, class Visitor>
    static void forEachField(Self& s, Visitor&& visit) {
        visit(s.format,
              FieldInfo{.name = "format", .unit = "", .help = "fla or qwen3_5; none: the one that fits the teacher"});
        visit(s.out, FieldInfo{.name = "out", .unit = "", .help = "folder to write; none: exports/ of the study"});
        visit(s.dtype, FieldInfo{.name = "dtype",
                                 .unit = "",
                                 .help = "precision of the matrices that are written",
                                 .choices = {"f32", "f16", "bf16"}});
        visit(s.hybrid, FieldInfo{.name = "hybrid",
                                  .unit = "",
                                  .help = "recovered hybrid of the study; none: a plan without recovery"});
        visit(s.branches, FieldInfo{.name = "branches", .unit = "", .help = "id of the branch set; none: the newest"});
        PlanChoice::forEachField(s.plan, visit);
    }
};

// What is exported, and how it came about.
struct ExportSubject {
    DecoderWeights weights;
    BranchSet branches;
    Plan plan;
    std::vector<std::pair<std::string, std::string>> lineage;
    HybridModel hybrid() const { return {&weights, &branches, plan}; }
};
// Throws InputError, WorldError.
ExportSubject exportSubject(StudySession& session, const ExportSpec& spec);

// A format that cannot hold the hybrid is an outcome with kExitFailed: nothing is written, and the verdict says why.
JobOutcome runExportJob(JobContext& context, const JobFiles& files, const ExportSpec& given, Workplace& workplace);

}  // namespace fm::cli
