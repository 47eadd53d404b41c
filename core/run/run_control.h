// Pause, single step, stop-and-keep and live settings for a running job.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace fm {

// Thread: request functions may be called from any thread (and stop() from a signal-driven loop); gate() and
// takeChanges() on the job's thread. The job polls gate() between micro-batches, so that a request is
// acknowledged within one micro-batch plus 100 ms.
class RunControl {
public:
    void pause();
    void resume();
    // From Paused: run to the next step boundary, then pause again; requests add up. While running: pause at the
    // next step boundary.
    void stepOnce();
    void stop();  // stop and keep: the job saves its state and ends as Cancelled

    // A live change of a spec field, by its name ("lambda"), applied by the job at its next step boundary.
    void set(const std::string& field, double value);

    enum class Proceed { Go, Stop };
    // Passes at once while running; waits while paused; `on_pause(true/false)` is told when waiting begins and ends.
    // It is called without the lock held, on the job's thread.
    // `step_boundary` is true between steps (where stepOnce() halts) and false between micro-batches.
    Proceed gate(bool step_boundary, const std::function<void(bool)>& on_pause = {});

    std::map<std::string, double> takeChanges();
    bool stopRequested() const;

    // A short piece of other work, done on the job's thread inside its next gate(), also while it is paused. Must not
    // throw. Those that no gate() has done are taken back when the job is over.
    using Errand = std::function<void()>;
    void between(Errand errand);
    std::vector<Errand> takeErrands();

private:
    void doErrands(std::unique_lock<std::mutex>& lock);

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool paused_ = false;
    bool stop_ = false;
    bool in_step_ = false;  // paused, but allowed to run to the next step boundary
    int steps_allowed_ = 0;
    std::map<std::string, double> changes_;
    std::vector<Errand> errands_;
};

}  // namespace fm
