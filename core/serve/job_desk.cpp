#include "core/serve/job_desk.h"

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/jobs/failure.h"
#include "core/rpc/methods.h"

namespace fm {

using rpc::ErrorCode;
using rpc::RpcError;

nlohmann::json JobDesk::Ticket::toJson() const {
    return {{"run", run}, {"job", job}, {"state", state}, {"text", text}, {"problems", problems}, {"result", result}};
}

JobDesk::Ticket* JobDesk::find(const std::string& run) {
    // From the back: a resumed run has an earlier, ended ticket.
    const auto found = std::find_if(tickets_.rbegin(), tickets_.rend(), [&](const Ticket& t) { return t.run == run; });
    return found == tickets_.rend() ? nullptr : &*found;
}

JobDesk::Ticket& JobDesk::running(const std::string& run) {
    Ticket* ticket = find(run);
    if (!ticket) throw RpcError(ErrorCode::WrongState, "this engine has started no job with that run id");
    if (ticket->ended()) throw RpcError(ErrorCode::WrongState, "the job has ended (" + ticket->state + ")");
    if (ticket != running_) throw RpcError(ErrorCode::WrongState, "the job is still queued");
    return *ticket;
}

std::string JobDesk::add(const std::string& run, const std::string& job, Work work) {
    const std::lock_guard lock(mutex_);
    const Ticket* known = find(run);
    if (known && !known->ended()) throw RpcError(ErrorCode::WrongState, "that run is " + known->state + " already");
    if (closed_) throw RpcError(ErrorCode::WrongState, "the engine is shutting down");
    dropEnded();
    Ticket& ticket = tickets_.emplace_back();
    ticket.run = run;
    ticket.job = job;
    ticket.work = std::move(work);
    tell_(ticket.toJson());
    changed_.notify_all();
    return ticket.state;
}

void JobDesk::pause(const std::string& run) {
    const std::lock_guard lock(mutex_);
    running(run).control.pause();
}

void JobDesk::resume(const std::string& run) {
    const std::lock_guard lock(mutex_);
    running(run).control.resume();
}

void JobDesk::step(const std::string& run) {
    const std::lock_guard lock(mutex_);
    running(run).control.stepOnce();
}

void JobDesk::set(const std::string& run, const std::string& field, double value) {
    const std::lock_guard lock(mutex_);
    running(run).control.set(field, value);
}

std::string JobDesk::stop(const std::string& run) {
    const std::lock_guard lock(mutex_);
    Ticket* ticket = find(run);
    if (ticket && ticket->state == "queued") {
        end(*ticket, {{}, std::make_exception_ptr(Cancelled())});
        return ticket->state;
    }
    running(run).control.stop();
    return "stopping";
}

std::string JobDesk::jobOf(const std::string& run) {
    const std::lock_guard lock(mutex_);
    return running(run).job;
}

void JobDesk::note(const std::string& run, RunState state) {
    const std::lock_guard lock(mutex_);
    // The end is told by end(), when the file is closed.
    if (running_ && running_->run == run && !isTerminal(state)) running_->state = toString(state);
}

nlohmann::json JobDesk::list() const {
    const std::lock_guard lock(mutex_);
    nlohmann::json jobs = nlohmann::json::array();
    for (const Ticket& ticket : tickets_) jobs.push_back(ticket.toJson());
    return jobs;
}

bool JobDesk::idle() const {
    const std::lock_guard lock(mutex_);
    return std::all_of(tickets_.begin(), tickets_.end(), [](const Ticket& ticket) { return ticket.ended(); });
}

void JobDesk::ask(const rpc::Responder& respond, std::function<nlohmann::json()> work) {
    post([respond, work = std::move(work)] { respond.answer(work); });
}

void JobDesk::post(RunControl::Errand errand) {
    const std::lock_guard lock(mutex_);
    if (closed_) throw RpcError(ErrorCode::WrongState, "the engine is shutting down");
    if (running_) {
        running_->control.between(std::move(errand));
    } else {
        errands_.push_back(std::move(errand));
    }
    changed_.notify_all();
}

void JobDesk::end(Ticket& ticket, const JobEnd& end) {
    ticket.work = nullptr;
    if (end.error) {
        const Failure failure = describe(end.error);
        ticket.problems = rpc::problemsToJson(failure.problems);
        ticket.state = failure.kind == FailureKind::Cancelled ? "cancelled" : "failed";
        ticket.text = failure.text;
    } else {
        ticket.state = "finished";
        ticket.result = end.outcome.json;
    }
    tell_(ticket.toJson());
}

void JobDesk::dropEnded() {
    constexpr std::size_t most_kept = 100;
    for (auto ticket = tickets_.begin(); ticket != tickets_.end() && tickets_.size() > most_kept;)
        ticket = ticket->ended() ? tickets_.erase(ticket) : std::next(ticket);
}

void JobDesk::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        const auto next = std::find_if(tickets_.begin(), tickets_.end(), [](const Ticket& t) { return !t.ended(); });
        if (!errands_.empty()) {
            const std::deque<RunControl::Errand> errands = std::exchange(errands_, {});
            lock.unlock();
            for (const RunControl::Errand& errand : errands) errand();
            lock.lock();
        } else if (closed_) {
            return;
        } else if (next == tickets_.end()) {
            changed_.wait(lock);
        } else {
            running_ = &*next;
            next->state = toString(RunState::Running);
            tell_(next->toJson());
            lock.unlock();
            const JobEnd ended = next->work(next->control);
            lock.lock();
            running_ = nullptr;
            for (RunControl::Errand& errand : next->control.takeErrands()) errands_.push_back(std::move(errand));
            end(*next, ended);
        }
    }
}

void JobDesk::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    if (running_) running_->control.stop();
    for (Ticket& ticket : tickets_)
        if (&ticket != running_ && !ticket.ended()) end(ticket, {{}, std::make_exception_ptr(Cancelled())});
    changed_.notify_all();
}

}  // namespace fm
