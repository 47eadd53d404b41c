// Writes a plan or a recovered hybrid of a study as a folder that other programs load, with a verdict.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/field_list.h"
#include "core/export/exporter.h"
#include "core/jobs/job_runner.h"
#include "core/jobs/workplace.h"
#include "core/plan/plan_choice.h"

namespace fm {

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

struct ExportOutcome {
    std::string run_id;
    ExportResult result;
    // A format that cannot hold the hybrid: nothing was written, and the verdict says why.
    bool refused() const { return !result.written(); }
};
nlohmann::json toJson(const ExportOutcome& outcome);

ExportOutcome runExportJob(JobContext& context, const JobFiles& files, const ExportSpec& given, Workplace& workplace);

}  // namespace fm
