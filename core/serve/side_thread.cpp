#include "core/serve/side_thread.h"

#include <utility>

namespace fm {

static constexpr std::size_t kMostWaiting = 1024;  // questions

void SideThread::close() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
}

void SideThread::ask(const rpc::Responder& respond, std::function<nlohmann::json()> work) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || waiting_.size() < kMostWaiting; });
    if (closed_) throw rpc::RpcError(rpc::ErrorCode::WrongState, "the engine is shutting down");
    waiting_.push_back([respond, work = std::move(work)] { respond.answer(work); });
    changed_.notify_all();
}

void SideThread::work() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        const std::function<void()> next = std::move(waiting_.front());
        waiting_.pop_front();
        changed_.notify_all();
        lock.unlock();
        outbox_.waitForRoom();
        next();
        lock.lock();
    }
}

}  // namespace fm
