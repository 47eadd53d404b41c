// The jobs of a served engine: one at a time on one thread, others wait. Short questions are answered in between.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/jobs/job_runner.h"
#include "core/rpc/server.h"
#include "core/run/run_control.h"

namespace fm {

// Thread: run() on the thread that computes; everything else on any thread.
class JobDesk {
public:
    // Told whenever a job is queued, begins or ends: the parameters of a `job` notification. Must not wait.
    using Tell = std::function<void(const nlohmann::json& note)>;
    // The work of one job, on the computing thread.
    using Work = std::function<JobEnd(RunControl&)>;
    explicit JobDesk(Tell tell) : tell_(std::move(tell)) {}

    // Returns the state: "queued", also when it begins at once. RpcError when that run is queued or running.
    std::string add(const std::string& run, const std::string& job, Work work);

    // RpcError wrong_state with a sentence when the run is not running, or not known.
    void pause(const std::string& run);
    void resume(const std::string& run);
    void step(const std::string& run);
    void set(const std::string& run, const std::string& field, double value);
    std::string stop(const std::string& run);     // "stopping", or "cancelled" for one that had not begun
    std::string jobOf(const std::string& run);    // the job's name
    void note(const std::string& run, RunState);  // what the run's own events say

    nlohmann::json list() const;  // [{run, job, state, text, problems, result}], oldest first
    bool idle() const;            // nothing runs or waits

    // Work for the computing thread: at once when no job runs, else at the job's next micro-batch.
    void ask(const rpc::Responder& respond, std::function<nlohmann::json()> work);
    // The same for work that answers by itself, or in several parts: what a part posts waits for the next micro-batch.
    // Must not throw. RpcError when the engine is shutting down.
    void post(RunControl::Errand errand);

    void run();    // until close() and the end of what runs
    void close();  // stops and keeps what runs, cancels what waits

private:
    struct Ticket {
        std::string run;
        std::string job;
        std::string state = "queued";
        std::string text;
        nlohmann::json problems = nlohmann::json::array();
        nlohmann::json result;
        Work work;
        RunControl control;
        nlohmann::json toJson() const;
        bool ended() const { return !work; }
    };
    Ticket& running(const std::string& run);
    Ticket* find(const std::string& run);
    void end(Ticket& ticket, const JobEnd& end);
    void dropEnded();

    Tell tell_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::list<Ticket> tickets_;  // in order of arrival; the newest ended ones stay for list()
    Ticket* running_ = nullptr;
    std::deque<RunControl::Errand> errands_;
    bool closed_ = false;
};

}  // namespace fm
