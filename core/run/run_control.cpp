#include "core/run/run_control.h"

#include <utility>

namespace fm {

void RunControl::pause() {
    std::lock_guard lock(mutex_);
    paused_ = true;
    in_step_ = false;
    steps_allowed_ = 0;
}

void RunControl::resume() {
    std::lock_guard lock(mutex_);
    paused_ = false;
    in_step_ = false;
    steps_allowed_ = 0;
    changed_.notify_all();
}

void RunControl::stepOnce() {
    std::lock_guard lock(mutex_);
    if (paused_) {
        ++steps_allowed_;
    } else {
        paused_ = true;
        in_step_ = true;
    }
    changed_.notify_all();
}

void RunControl::stop() {
    std::lock_guard lock(mutex_);
    stop_ = true;
    changed_.notify_all();
}

void RunControl::set(const std::string& field, double value) {
    std::lock_guard lock(mutex_);
    changes_[field] = value;
}

RunControl::Proceed RunControl::gate(bool step_boundary, const std::function<void(bool)>& on_pause) {
    std::unique_lock lock(mutex_);
    if (step_boundary) in_step_ = false;
    bool told = false;
    doErrands(lock);
    while (!stop_ && paused_ && !in_step_) {
        if (!errands_.empty()) {
            doErrands(lock);
        } else if (steps_allowed_ > 0) {
            --steps_allowed_;
            in_step_ = true;
        } else if (!told && on_pause) {
            told = true;
            lock.unlock();  // the listener may write to the disk: requests must not wait for that
            on_pause(true);
            lock.lock();
        } else {
            changed_.wait(lock);
        }
    }
    const Proceed proceed = stop_ ? Proceed::Stop : Proceed::Go;
    lock.unlock();
    if (told) on_pause(false);
    return proceed;
}

// Without the lock: requests must not wait for the work. What an errand posts waits for the next gate, so that a long
// piece of other work, cut into errands, and the job take turns.
void RunControl::doErrands(std::unique_lock<std::mutex>& lock) {
    if (errands_.empty() || stop_) return;
    const std::vector<Errand> errands = std::exchange(errands_, {});
    lock.unlock();
    for (const Errand& errand : errands) errand();
    lock.lock();
}

void RunControl::between(Errand errand) {
    std::lock_guard lock(mutex_);
    errands_.push_back(std::move(errand));
    changed_.notify_all();
}

std::vector<RunControl::Errand> RunControl::takeErrands() {
    std::lock_guard lock(mutex_);
    return std::exchange(errands_, {});
}

std::map<std::string, double> RunControl::takeChanges() {
    std::lock_guard lock(mutex_);
    return std::exchange(changes_, {});
}

bool RunControl::stopRequested() const {
    std::lock_guard lock(mutex_);
    return stop_;
}

}  // namespace fm
