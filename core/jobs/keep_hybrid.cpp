#include "core/jobs/keep_hybrid.h"

#include <filesystem>

#include "core/export/hybrid_folder.h"
#include "core/plan/plan_spelling.h"

namespace fm {

namespace {

std::vector<std::string> present(std::vector<std::string> ids) {
    std::erase(ids, "");
    return ids;
}

}  // namespace

std::string keepHybrid(StudySession& session, const RecoveredHybrid& hybrid, const std::string& name,
                       const HybridOrigin& origin) {
    const std::string folder = (std::filesystem::path(session.study().folder()) / "hybrids").string();
    const std::string id = writeHybrid(folder, session.weights(), hybrid, session.teacherHash());
    const std::string plan_id = "plan-" + hybrid.plan.key();
    session.study().update([&](StudyInfo& info) {
        info.artifacts[plan_id] = {ArtifactKind::Plan, "", origin.gate_run,
                                   present({origin.gate_run, origin.branches})};
        info.artifacts[id] = {ArtifactKind::Hybrid, "hybrids/" + id, origin.made_by,
                              present({origin.made_by, plan_id})};
        info.labels[id].name =
            name.empty() ? "K=" + std::to_string(hybrid.plan.budget()) + " " + layersText(hybrid.plan) : name;
    });
    return id;
}

}  // namespace fm
