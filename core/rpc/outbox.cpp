#include "core/rpc/outbox.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "core/rpc/message.h"
#include "core/rpc/methods.h"

namespace fm::rpc {

Outbox::Rule Outbox::ruleOf(const RunNotice& notice) {
    if (std::holds_alternative<Progressed>(notice.event.body)) return Rule::Newest;
    if (std::holds_alternative<RowAppended>(notice.event.body)) return Rule::Thin;
    const Logged* logged = std::get_if<Logged>(&notice.event.body);
    return logged && logged->severity == Severity::Info ? Rule::Thin : Rule::Keep;
}

void Outbox::push(std::string line) {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    kept_bytes_ += line.size();
    entries_.push_back({Rule::Keep, std::move(line), {}});
    filled_.notify_one();
}

void Outbox::push(RunNotice notice) {
    const Rule rule = ruleOf(notice);
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    if (rule == Rule::Newest) {
        const auto old = newest_.find(notice.run);
        if (old != newest_.end()) entries_.erase(old->second);
        entries_.push_back({rule, {}, std::move(notice)});
        newest_[entries_.back().notice.run] = std::prev(entries_.end());
    } else {
        entries_.push_back({rule, {}, std::move(notice)});
        if (rule == Rule::Thin && ++waiting_rows_ > most_rows_) thin();
    }
    filled_.notify_one();
}

// The newest row stays: whoever sees a gap in front of it knows that the gap is there.
void Outbox::thin() {
    bool drop = true;
    std::size_t rows_left = waiting_rows_;
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        if (entry->rule != Rule::Thin) {
            ++entry;
            continue;
        }
        const bool newest = --rows_left == 0;
        if (drop && !newest) {
            Thinned& thinned = thinned_[entry->notice.run];
            ++thinned.dropped;
            thinned.last_seq = entry->notice.event.seq;
            ++dropped_;
            --waiting_rows_;
            entry = entries_.erase(entry);
        } else {
            ++entry;
        }
        drop = !drop;
    }
}

std::optional<std::string> Outbox::take() {
    Entry entry;
    {
        std::unique_lock lock(mutex_);
        filled_.wait(lock, [this] { return closed_ || !entries_.empty() || !thinned_.empty(); });
        if (!thinned_.empty()) {
            const auto [run, thinned] = *thinned_.begin();
            thinned_.erase(thinned_.begin());
            return notificationLine(notification::event, thinnedToJson(run, thinned.last_seq, thinned.dropped));
        }
        if (entries_.empty()) return std::nullopt;
        if (entries_.front().rule == Rule::Newest) newest_.erase(entries_.front().notice.run);
        if (entries_.front().rule == Rule::Thin) --waiting_rows_;
        entry = std::move(entries_.front());
        entries_.pop_front();
        kept_bytes_ -= entry.line.size();
        drained_.notify_all();
    }
    if (!entry.line.empty()) return std::move(entry.line);
    return notificationLine(notification::event, noticeToJson(entry.notice));
}

void Outbox::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    filled_.notify_all();
    drained_.notify_all();
}

void Outbox::waitForRoom() {
    std::unique_lock lock(mutex_);
    drained_.wait(lock, [this] { return closed_ || always_room_ || kept_bytes_ <= most_kept_bytes_; });
}

void Outbox::stopWaiting() {
    const std::lock_guard lock(mutex_);
    always_room_ = true;
    drained_.notify_all();
}

std::int64_t Outbox::droppedRows() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
}

}  // namespace fm::rpc
