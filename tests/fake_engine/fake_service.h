// The protocol's methods without an engine behind them.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "core/rpc/server.h"
#include "core/run/run_control.h"
#include "tests/fake_engine/fake_run.h"

namespace fm::fake {

// Thread: handlers on the reader's thread; run() on the thread that plays the jobs.
class FakeService {
public:
    // `runs_folder`: where run files are written; "" = nowhere.
    FakeService(const FakeRunOptions& options, std::string runs_folder, rpc::Outbox& outbox)
        : options_(options), runs_folder_(std::move(runs_folder)), outbox_(outbox) {}
    void addHandlers(rpc::Server& server);
    void run();
    void close();
    void finish();

private:
    struct Job {
        std::string run;
        std::string resume;
        std::string state = "queued";
        nlohmann::json spec;
        RunControl control;
    };
    void addJobHandlers(rpc::Server& server);
    nlohmann::json study(const nlohmann::json& params) const;
    nlohmann::json start(const nlohmann::json& params);
    void measure(const nlohmann::json& params, const rpc::Responder& respond);
    void control(const std::string& run, const std::function<void(Job&)>& change);
    void play(Job& job);
    void tell(const Job& job, const std::string& text = {});

    const FakeRunOptions options_;
    const std::string runs_folder_;
    rpc::Outbox& outbox_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::list<Job> jobs_;
    std::optional<rpc::Responder> shutdown_;
    bool closed_ = false;
    std::map<std::string, std::int64_t> measured_;  // sequences by plan: what a stopped measurement keeps
    std::jthread measuring_;                        // the last: its end does not outlive the others
};

}  // namespace fm::fake
