// What the engine has said and the window has not looked at yet.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <variant>
#include <vector>

#include "core/rpc/message.h"
#include "core/rpc/run_notice.h"

namespace fm {

// A notification other than `event`, or an answer, or an event of a run.
using EngineMessage = std::variant<rpc::Request, rpc::Response, rpc::RunNotice>;

// Bounded: when the window does not keep up, every second waiting row goes, and a notice says how many of which run.
// Nothing else is ever dropped.
// Thread: put() on the engine's thread, take() on the window's. Neither waits for the other's work.
class Inbox {
public:
    explicit Inbox(std::size_t most_rows = 20000) : most_rows_(most_rows) {}
    void put(EngineMessage message);
    // The oldest ones; true when more are left.
    bool take(std::size_t most, std::deque<EngineMessage>& into);
    void clear();

private:
    void thin();

    const std::size_t most_rows_;
    std::mutex mutex_;
    std::deque<EngineMessage> waiting_;
    std::size_t rows_ = 0;
};

}  // namespace fm
