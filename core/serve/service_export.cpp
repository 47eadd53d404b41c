// export/targets, export/run, export/verify
#include "core/base/error.h"
#include "core/export/reload.h"
#include "core/jobs/export_job.h"
#include "core/jobs/study_session.h"
#include "core/plan/plan_spelling.h"
#include "core/serve/service.h"

namespace fm {

namespace {

// A request's subject and wishes as the spec of the export job.
nlohmann::json exportSpecJson(const nlohmann::json& params, std::int64_t num_layers) {
    nlohmann::json spec = nlohmann::json::object();
    for (const auto& [key, field] : {std::pair{"hybrid", "hybrid"},
                                     {"branches", "branches"},
                                     {"target", "format"},
                                     {"out", "out"},
                                     {"dtype", "dtype"}})
        if (params.contains(key)) spec[field] = params[key];
    // The engine's own folder means nothing to whoever asks.
    const std::string out = params.value("out", "");
    if (!out.empty() && out.front() != '/') throw InputError(Problem{"out", out, "a path from the root, such as /x/y"});
    if (params.contains("plan") == params.contains("hybrid"))
        throw InputError(Problem{"plan", "", "either a plan or a hybrid"});
    if (params.contains("plan"))
        spec["layers"] = layersOption(parsePlanKey(params["plan"].get<std::string>(), num_layers));
    return spec;
}

nlohmann::json targetsJson(const ExportSubject& subject) {
    nlohmann::json targets = nlohmann::json::array();
    for (const std::string& format : exportFormats()) {
        const Verdict verdict = judgeExport(subject.hybrid(), format);
        targets.push_back({{"target", format},
                           {"exactness", toString(verdict.exactness)},
                           {"why_not", verdict.reasons},
                           {"remarks", verdict.remarks},
                           {"loaders", verdict.loaders}});
    }
    return {{"targets", targets}};
}

}  // namespace

void Service::addExportHandlers(rpc::Server& server) {
    server.on("export/targets", [this](const nlohmann::json& params, const rpc::Responder& respond) {
        const nlohmann::json json = exportSpecJson(params, opened().shape.num_layers);
        desk_.ask(respond, [this, json] {
            ExportSpec spec;
            const std::vector<Problem> problems = specFromJson(json, spec);
            if (!problems.empty()) throw InputError(problems);
            return targetsJson(exportSubject(session(), spec));
        });
    });
    server.answer("export/run", [this](const nlohmann::json& params) {
        return addJob(job("export"), exportSpecJson(params, opened().shape.num_layers), {});
    });
    server.on("export/verify", [this](const nlohmann::json& params, const rpc::Responder& respond) {
        side_.ask(respond, [folder = params["folder"].get<std::string>()] {
            return nlohmann::json(toJson(verifyExport(folder)));
        });
    });
}

}  // namespace fm
