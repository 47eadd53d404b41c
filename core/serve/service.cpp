#include "core/serve/service.h"

#include <filesystem>

#include "core/base/error.h"
#include "core/export/exporter.h"
#include "core/model/device.h"
#include "core/rpc/methods.h"
#include "core/run/run_id.h"
#include "kernels/cpu/kernel_path.h"

namespace fm {

using rpc::ErrorCode;
using rpc::RpcError;

Service::Service(const WorkplaceOptions& options, rpc::Outbox& outbox, EventSink* warnings)
    : options_(options),
      outbox_(outbox),
      warnings_(warnings),
      desk_(
          [&outbox](const nlohmann::json& note) { outbox.push(rpc::notificationLine(rpc::notification::job, note)); }),
      side_(outbox) {}

nlohmann::json Service::capabilities() const {
    nlohmann::json devices = {{{"name", "cpu"}, {"text", describeDevice(pickDevice("cpu"))}}};
    if (gpuAvailable()) devices.push_back({{"name", "cuda"}, {"text", describeDevice(pickDevice("cuda"))}});
    nlohmann::json jobs = nlohmann::json::array();
    for (const auto& [name, job] : jobTable())
        jobs.push_back({{"name", name}, {"help", job.help}, {"needs_study", job.needs_study}});
    return {{"devices", devices},
            {"kernels", kernels::toString(kernels::kernelPath())},
            {"formats", {"safetensors", "gguf"}},
            {"export_targets", exportFormats()},
            {"jobs", jobs}};
}

const Job& Service::job(const std::string& name) const {
    const auto found = jobTable().find(name);
    if (found != jobTable().end()) return found->second;
    throw InputError(Problem{"job", name, "one of: " + jobNames()});
}

ServedStudy Service::opened() const {
    const std::lock_guard lock(mutex_);
    if (!study_) throw RpcError(ErrorCode::WrongState, "no study is open; study/open or study/create comes first");
    return *study_;
}

std::string Service::runPath(const std::string& run) const {
    const std::string folder = opened().folder + "/runs";
    const std::string path = isRunId(run) ? findRunFile(folder, run) : std::string();
    if (path.empty()) throw InputError(Problem{"run", run, "the id of a run of the study (run/list)"});
    return path;
}

void Service::reportProblem(Severity severity, const std::string& text) {
    outbox_.push(rpc::notificationLine(rpc::notification::problem, {{"severity", toString(severity)}, {"text", text}}));
}

void Service::addHandlers(rpc::Server& server) {
    server.answer("initialize", [this](const nlohmann::json&) {
        return nlohmann::json{{"protocol", rpc::protocol_version},
                              {"software", std::string("flashmorph ") + FM_VERSION},
                              {"capabilities", capabilities()}};
    });
    // Answered when everything is kept: see run().
    server.on("shutdown", [this](const nlohmann::json&, const rpc::Responder& respond) {
        {
            const std::lock_guard lock(mutex_);
            shutdown_ = respond;
        }
        close();
    });
    addStudyHandlers(server);
    addJobHandlers(server);
    addPlanHandlers(server);
    addMeasureHandlers(server);
    addRunHandlers(server);
    addExportHandlers(server);
}

void Service::close() {
    closing_ = true;
    outbox_.stopWaiting();
    desk_.close();
}

void Service::run() { desk_.run(); }

void Service::finish() {
    side_.close();
    const std::lock_guard lock(mutex_);
    if (shutdown_) shutdown_->result(nlohmann::json::object());
    shutdown_.reset();
}

StudySession& Service::session() {
    const std::string folder = opened().folder;
    if (!workplace_ || workplace_->options().study != folder) {
        WorkplaceOptions options = options_;
        options.study = folder;
        workplace_ = std::make_unique<Workplace>(options);
        probes_.clear();
    }
    return workplace_->session();
}

}  // namespace fm
