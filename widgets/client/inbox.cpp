#include "widgets/client/inbox.h"

#include <map>
#include <utility>

namespace fm {

static bool isRow(const EngineMessage& message) {
    const rpc::RunNotice* notice = std::get_if<rpc::RunNotice>(&message);
    return notice && notice->thinned == 0 && std::holds_alternative<RowAppended>(notice->event.body);
}

void Inbox::put(EngineMessage message) {
    const std::lock_guard lock(mutex_);
    rows_ += isRow(message) ? 1 : 0;
    waiting_.push_back(std::move(message));
    if (rows_ > most_rows_) thin();
}

// The newest row stays: whoever sees a gap in front of it knows that the gap is there.
void Inbox::thin() {
    std::size_t rows_left = rows_;
    std::deque<EngineMessage> kept;
    std::map<std::string, std::int64_t> dropped;
    bool drop = true;
    for (EngineMessage& message : waiting_) {
        const bool row = isRow(message);
        const bool newest = row && --rows_left == 0;
        if (row && drop && !newest)
            ++dropped[std::get<rpc::RunNotice>(message).run];
        else
            kept.push_back(std::move(message));
        drop = row ? !drop : drop;
    }
    for (const auto& [run, count] : dropped) {
        rpc::RunNotice notice;
        notice.run = run;
        notice.thinned = count;
        kept.push_front(std::move(notice));
        rows_ -= static_cast<std::size_t>(count);
    }
    waiting_ = std::move(kept);
}

bool Inbox::take(std::size_t most, std::deque<EngineMessage>& into) {
    const std::lock_guard lock(mutex_);
    for (; most > 0 && !waiting_.empty(); --most) {
        rows_ -= isRow(waiting_.front()) ? 1 : 0;
        into.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
    }
    return !waiting_.empty();
}

void Inbox::clear() {
    const std::lock_guard lock(mutex_);
    rows_ = 0;
    waiting_.clear();
}

}  // namespace fm
