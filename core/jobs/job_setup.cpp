#include "core/jobs/job_setup.h"

#include "core/model/device.h"

namespace fm {

BranchSet JobSetup::fillBranches(std::string& id) const {
    BranchSet branches = session.branches(id);
    id = branches.id;
    return branches;
}

Plan JobSetup::fillPlan(PlanChoice& choice) const {
    StudySession::ChosenPlan chosen = session.plan(choice);
    choice.run = chosen.run_id;
    return std::move(chosen.plan);
}

void JobSetup::openRun(const char* job, const nlohmann::json& spec, const std::vector<std::string>& parents,
                       std::vector<Table> tables) const {
    RunOpened header = runHeader(files, job, spec);
    header.device = describeDevice(session.device());
    header.teacher_hash = session.teacherHash();
    header.chat_family = session.resources().chat_family;
    for (const std::string& parent : parents) {
        if (!parent.empty()) header.parents.push_back(parent);
    }
    header.tables = std::move(tables);
    context.open(std::move(header));
    context.setMemoryGauge([device = session.device()] { return memoryInUse(device); });
}

BatchMix retrievalMix(const StudySession& session, const std::vector<std::string>& tasks,
                      const std::vector<int>& lengths, double text_share, std::int64_t tokens_per_batch) {
    BatchMix mix;
    const double text = session.resources().corpus ? text_share : 0;
    for (const std::string& task : tasks) mix.tasks.push_back({task, (1 - text) / static_cast<double>(tasks.size())});
    if (text > 0) mix.tasks.push_back({"text", text});
    mix.lengths.assign(lengths.begin(), lengths.end());
    mix.tokens_per_batch = static_cast<std::int32_t>(tokens_per_batch);
    return mix;
}

}  // namespace fm
