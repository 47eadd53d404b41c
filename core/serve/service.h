// What `flashmorph serve` does with the messages it understands: handlers over the jobs, the study and its run files.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "core/jobs/job_table.h"
#include "core/plan/model_shape.h"
#include "core/plan/plan.h"
#include "core/plan/plan_json.h"
#include "core/serve/job_desk.h"
#include "core/serve/side_thread.h"
#include "core/store/study.h"

namespace fm {

// The study the client has opened, as far as any thread may know it.
struct ServedStudy {
    std::string folder;  // absolute
    ModelShape shape;
};

// Thread: handlers run on the reader's thread and give long work to `desk` or `side`; run() is the computing thread.
class Service {
public:
    // `warnings`: hears the events of every job, on the computing thread; may be null.
    Service(const WorkplaceOptions& options, rpc::Outbox& outbox, EventSink* warnings);

    void addHandlers(rpc::Server& server);
    void run();     // until close()
    void close();   // any thread; stops and keeps what runs
    void finish();  // after run(): answers what waits for the end
    bool closing() const { return closing_; }

private:
    void addStudyHandlers(rpc::Server& server);    // service_study.cpp
    void addJobHandlers(rpc::Server& server);      // service_jobs.cpp
    void addPlanHandlers(rpc::Server& server);     // service_plans.cpp
    void addMeasureHandlers(rpc::Server& server);  // service_measure.cpp
    void addRunHandlers(rpc::Server& server);      // service_runs.cpp
    void addExportHandlers(rpc::Server& server);   // service_export.cpp

    nlohmann::json capabilities() const;
    const Job& job(const std::string& name) const;  // RpcError when there is no such job
    ServedStudy opened() const;                     // RpcError when no study is open
    std::string runPath(const std::string& run) const;
    void reportProblem(Severity severity, const std::string& text);

    nlohmann::json openStudy(const std::string& path);
    nlohmann::json startJob(const nlohmann::json& params);
    nlohmann::json addJob(const Job& job, const nlohmann::json& spec, const std::string& resume);
    nlohmann::json setField(const nlohmann::json& params);

    // Computing thread.
    StudySession& session();
    nlohmann::json probe(const nlohmann::json& params);
    nlohmann::json finishedProbe(const nlohmann::json& spec);
    nlohmann::json probeSpecOf(const nlohmann::json& params);
    struct Measuring;  // service_measure.cpp
    void beginMeasuring(const nlohmann::json& params, const rpc::Responder& respond, std::uint64_t turn);
    void goOnMeasuring(const std::shared_ptr<Measuring>& measuring);
    nlohmann::json instantiate(const nlohmann::json& params);
    nlohmann::json sample(const nlohmann::json& params);
    JobEnd runHere(const Job& job, const RunPlace& place, const JobFiles& files, const nlohmann::json& spec,
                   RunControl& control);

    const WorkplaceOptions options_;
    rpc::Outbox& outbox_;
    EventSink* const warnings_;
    mutable std::mutex mutex_;  // guards study_ and shutdown_
    std::optional<ServedStudy> study_;
    std::unique_ptr<Workplace> workplace_;          // computing thread
    std::map<std::string, nlohmann::json> probes_;  // by settings; computing thread
    std::atomic<std::uint64_t> measure_turn_{0};    // of the newest plan/measure: earlier ones stop
    std::optional<rpc::Responder> shutdown_;        // waits for the end
    std::atomic<bool> closing_{false};
    JobDesk desk_;
    SideThread side_;
};

}  // namespace fm
