#include "core/jobs/export_job.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/export/finished_export.h"
#include "core/jobs/job_setup.h"
#include "core/jobs/study_session.h"

namespace fm {

namespace {

namespace fs = std::filesystem;

constexpr int kPathBytes = 4096;

DType dtypeNamed(const std::string& name) {
    if (name == "f32") return DType::F32;
    return name == "f16" ? DType::F16 : DType::BF16;
}

std::vector<Table> exportTables() {
    const auto scalar = [](const char* path, const char* help) { return Column{path, CellType::Float64, 1, "", help}; };
    return {{"exports",
             {{"export/folder", CellType::Text, kPathBytes, "", "what was written; empty when nothing was"},
              {"export/format", CellType::Text, 32, "", "target format"},
              {"export/verdict", CellType::Text, 32, "", "exact, approximate or not_representable"},
              scalar("export/max_abs", "largest difference of a logit read back from the folder"),
              scalar("export/cosine", "lowest cosine between logits of any position"),
              scalar("export/greedy_agreement", "share of positions whose best token is the same")}}};
}

Row exportRow(const ExportResult& result, const std::string& target) {
    const LogitError error = result.verdict.as_stored.value_or(LogitError{NAN, NAN, NAN});
    return {result.folder, target,       std::string(toString(result.verdict.exactness)),
            error.max_abs, error.cosine, error.greedy_agreement};
}

// Ids of everything below the teacher.
std::vector<std::string> madeFrom(const ExportSubject& subject) {
    std::vector<std::string> ids;
    for (std::size_t i = 1; i < subject.lineage.size(); ++i) ids.push_back(subject.lineage[i].second);
    return ids;
}

// Links and dots resolved, so that one folder has one path.
std::string canonicalFolder(const std::string& path) {
    if (path.empty() || path.find('\0') != std::string::npos || path.size() > kPathBytes) {
        throw InputError({"out", path.substr(0, 200), "the path of a folder, of at most 4,096 bytes"});
    }
    if (path == "~" || path.starts_with("~/")) throw InputError({"out", path, "a path without ~: give it in full"});
    std::error_code error;
    fs::path folder = fs::weakly_canonical(fs::absolute(path, error), error);
    if (error) throw InputError({"out", path, "a path that can be reached (" + error.message() + ")"});
    if (!folder.has_filename()) folder = folder.parent_path();  // "x/" is "x"
    return folder.string();
}

// Its path inside the study; "" when it lies elsewhere.
std::string pathInStudy(StudySession& session, const std::string& folder) {
    const fs::path study = canonicalFolder(session.study().folder());
    const fs::path inside = fs::path(folder).lexically_relative(study);
    return inside.empty() || *inside.begin() == ".." || inside == "." ? std::string() : inside.string();
}

// Two exports of one name in different folders are two artifacts.
std::string artifactId(const std::string& path_in_study) {
    const fs::path path(path_in_study);
    const std::string id = "export-" + path.filename().string();
    return path.parent_path() == "exports" ? id : id + "-" + hashBytes(path_in_study).substr(0, 8);
}

// Everything that makes one export differ from another of the same study: plan, recovery, format, precision.
std::string defaultFolder(StudySession& session, const ExportSpec& spec, const Plan& plan) {
    const std::string recovered = spec.hybrid.empty() ? std::string() : "-" + spec.hybrid.substr(0, 8);
    return session.study().folder() + "/exports/" + spec.format + "-" + plan.key() + recovered + "-" + spec.dtype;
}

void registerExport(StudySession& session, const ExportResult& result, const ExportSubject& subject,
                    const std::string& run_id) {
    const std::string path = result.written() ? pathInStudy(session, result.folder) : std::string();
    if (path.empty()) return;
    session.study().update([&](StudyInfo& info) {
        info.artifacts[artifactId(path)] = {ArtifactKind::Export, path, run_id, madeFrom(subject)};
    });
}

// A folder that this run had finished before it was killed counts as done.
ExportResult writeOrAdopt(JobContext& context, const ExportRequest& request) {
    if (std::optional<ExportResult> finished = finishedExport(request.folder, request.run_id)) {
        context.log(Severity::Info, request.folder + " was complete already and passed its check");
        return *std::move(finished);
    }
    return exportHybrid(request);
}

}  // namespace

ExportSubject exportSubject(StudySession& session, const ExportSpec& spec) {
    ExportSubject subject;
    subject.lineage = {{"teacher", session.teacherHash()}};
    if (!spec.hybrid.empty()) {
        RecoveredHybrid hybrid = session.hybrid(spec.hybrid);
        subject.lineage.emplace_back("hybrid", spec.hybrid);
        subject.weights = std::move(hybrid.weights);
        subject.branches = std::move(hybrid.branches);
        subject.plan = std::move(hybrid.plan);
        return subject;
    }
    const StudySession::ChosenPlan chosen = session.plan(spec.plan);
    subject.weights = session.weights();
    subject.plan = chosen.plan;
    if (subject.plan.hasLinearLayer()) {  // a teacher as it is needs no branches
        subject.branches = session.branches(spec.branches);
        subject.lineage.emplace_back("branches", subject.branches.id);
    }
    if (!chosen.run_id.empty()) subject.lineage.emplace_back("gates", chosen.run_id);
    return subject;
}

nlohmann::json toJson(const ExportOutcome& outcome) {
    return {{"run", outcome.run_id}, {"folder", outcome.result.folder}, {"verdict", toJson(outcome.result.verdict)}};
}

ExportOutcome runExportJob(JobContext& context, const JobFiles& files, const ExportSpec& given, Workplace& workplace) {
    WorkplaceOptions on_cpu = workplace.options();  // the exporter computes on the CPU
    on_cpu.device = "cpu";
    Workplace cpu(on_cpu);
    const JobSetup setup(context, files, workplace.session().device().is_cpu() ? workplace : cpu);
    StudySession& session = setup.session;
    const ExportSubject subject = exportSubject(session, given);
    ExportSpec spec = given;
    if (spec.format.empty()) spec.format = defaultExportFormat(session.config());
    const std::string folder =
        canonicalFolder(spec.out.empty() ? defaultFolder(session, spec, subject.plan) : spec.out);
    spec.out = folder;

    setup.open("export", spec, madeFrom(subject), exportTables());
    context.checkpointGate(true);

    ExportRequest request;
    request.hybrid = subject.hybrid();
    request.format = spec.format;
    request.folder = folder;
    request.dtype = dtypeNamed(spec.dtype);
    request.tokenizer_folder = session.tokenizerFolder();
    request.lineage = subject.lineage;
    const std::vector<int> lengths = session.lengthsOr({});
    request.probe_tokens = *std::max_element(lengths.begin(), lengths.end());
    request.run_id = files.run_id;
    request.between_stages = [&context] { context.checkpointGate(true); };
    ExportOutcome outcome{files.run_id, writeOrAdopt(context, request)};
    context.append(0, exportRow(outcome.result, spec.format));
    registerExport(session, outcome.result, subject, files.run_id);
    return outcome;
}

}  // namespace fm
