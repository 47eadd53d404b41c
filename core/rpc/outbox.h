// What waits to be written to the other side. Whoever makes events never waits for whoever reads them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "core/rpc/run_notice.h"

namespace fm::rpc {

// Responses, problems, run headers, states, warnings and errors are all kept. Rows and remarks thin out: at the limit
// every second of the waiting ones goes, and `thinned` tells how many. Of a run's progress only the newest waits.
//
// Thread: any; push functions never block; take() on the writer's only.
class Outbox {
public:
    explicit Outbox(std::size_t most_rows = 4096, std::size_t most_kept_bytes = std::size_t{64} << 20)
        : most_rows_(most_rows), most_kept_bytes_(most_kept_bytes) {}

    void push(std::string line);
    void push(RunNotice notice);

    // Waits for the next line; none after close() when everything has been taken.
    std::optional<std::string> take();
    void close();

    // Whoever asks must also read: waits while more answers than the limit are not taken.
    void waitForRoom();
    void stopWaiting();  // from now on there is always room: the work is coming to its end
    std::int64_t droppedRows() const;

private:
    enum class Rule { Keep, Thin, Newest };
    struct Entry {
        Rule rule = Rule::Keep;
        std::string line;  // else `notice`, made into a line by the writer: what is dropped costs nothing
        RunNotice notice;
    };
    struct Thinned {
        std::int64_t dropped = 0;
        std::uint64_t last_seq = 0;
    };
    static Rule ruleOf(const RunNotice& notice);
    void thin();

    const std::size_t most_rows_;
    const std::size_t most_kept_bytes_;
    mutable std::mutex mutex_;
    std::condition_variable filled_;
    std::condition_variable drained_;
    std::list<Entry> entries_;
    std::map<std::string, std::list<Entry>::iterator> newest_;  // by run: its progress
    std::map<std::string, Thinned> thinned_;                    // by run: not told yet
    std::size_t waiting_rows_ = 0;
    std::size_t kept_bytes_ = 0;
    std::int64_t dropped_ = 0;
    bool closed_ = false;
    bool always_room_ = false;
};

}  // namespace fm::rpc
