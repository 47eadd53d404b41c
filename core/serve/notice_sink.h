// A running job's events on their way to the client.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/rpc/outbox.h"
#include "core/run/event.h"

namespace fm {

// Thread: the job's. Never waits.
class NoticeSink final : public EventSink {
public:
    // `rows`: how many rows each table holds before the first event (a resumed run). `on_state` hears state changes.
    NoticeSink(rpc::Outbox& outbox, std::string run, std::vector<std::int64_t> rows,
               std::function<void(RunState)> on_state)
        : outbox_(outbox), run_(std::move(run)), rows_(std::move(rows)), on_state_(std::move(on_state)) {}

    void post(const RunEvent& event) override {
        rpc::RunNotice notice{run_, event};
        if (const RunOpened* opened = std::get_if<RunOpened>(&event.body)) {
            rows_.resize(opened->tables.size(), 0);
            notice.rows = rows_;
        }
        if (const RowAppended* appended = std::get_if<RowAppended>(&event.body))
            notice.row = rows_[static_cast<std::size_t>(appended->table)]++;
        if (const StateChanged* changed = std::get_if<StateChanged>(&event.body)) on_state_(changed->state);
        outbox_.push(std::move(notice));
    }

private:
    rpc::Outbox& outbox_;
    std::string run_;
    std::vector<std::int64_t> rows_;
    std::function<void(RunState)> on_state_;
};

}  // namespace fm
