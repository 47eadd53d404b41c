// Work that reads files and computes nothing: done beside the jobs, one request after the other.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "core/rpc/server.h"

namespace fm {

// Whoever asks faster than files can be read, or does not read the answers, waits in ask(): neither questions nor
// answers pile up in the memory. Thread: ask() on any thread.
class SideThread {
public:
    explicit SideThread(rpc::Outbox& outbox) : outbox_(outbox), thread_([this] { work(); }) {}
    ~SideThread() { close(); }
    void close();  // does what was asked, then ends
    // RpcError after close().
    void ask(const rpc::Responder& respond, std::function<nlohmann::json()> work);

private:
    void work();

    rpc::Outbox& outbox_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> waiting_;
    bool closed_ = false;
    std::thread thread_;  // last: it uses the others
};

}  // namespace fm
