#include "core/run/job_context.h"

#include <utility>

#include "core/base/assert.h"
#include "core/base/error.h"
#include "core/base/utf8.h"

namespace fm {

static constexpr double kMemoryPeriodMs = 500;

JobContext::JobContext(RunControl& control, std::vector<EventSink*> sinks)
    : control_(control), sinks_(std::move(sinks)), start_(std::chrono::steady_clock::now()) {}

double JobContext::wallMs() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_).count();
}

void JobContext::open(RunOpened header) {
    FM_ASSERT(next_seq_ == 0, "a run is opened once");
    start_ = std::chrono::steady_clock::now();
    header_ = header;
    post(std::move(header));
    for (const std::string& warning : opening_warnings_) log(Severity::Warning, warning);
}

void JobContext::append(int table, Row row) {
    FM_ASSERT(table >= 0 && static_cast<std::size_t>(table) < header_.tables.size(), "the table is one of the run's");
    FM_ASSERT(rowMismatch(header_.tables[table], row).empty(), "the row fits its table");
    for (Cell& cell : row)
        if (std::string* text = std::get_if<std::string>(&cell)) replaceInvalidUtf8(*text);
    post(RowAppended{table, std::move(row)});
}

void JobContext::log(Severity severity, std::string text) {
    replaceInvalidUtf8(text);
    post(Logged{severity, std::move(text)});
}

void JobContext::progress(std::int64_t done, std::int64_t total, const std::string& unit, double tokens_per_s) {
    const double now_ms = wallMs();
    // A smaller count than the first one seen means that a new phase has begun.
    if (progress_origin_ < 0 || done < progress_origin_) {
        progress_origin_ = done;
        progress_origin_ms_ = now_ms;
    }
    if (memory_gauge_ && (memory_.used_bytes == 0 || now_ms - memory_asked_ms_ > kMemoryPeriodMs)) {
        memory_ = memory_gauge_();
        memory_asked_ms_ = now_ms;
    }
    Progressed event{done, total, unit, tokens_per_s, -1, memory_.used_bytes, memory_.total_bytes};
    const double elapsed_s = (now_ms - progress_origin_ms_) / 1000;
    const std::int64_t gained = done - progress_origin_;
    if (gained > 0) event.eta_s = elapsed_s / static_cast<double>(gained) * static_cast<double>(total - done);
    post(std::move(event));
}

void JobContext::state(RunState state, std::string text) {
    replaceInvalidUtf8(text);
    post(StateChanged{state, std::move(text)});
}

void JobContext::flush() {
    for (EventSink* sink : sinks_) sink->flush();
}

void JobContext::checkpointGate(bool step_boundary) {
    double paused_at_ms = 0;
    const RunControl::Proceed proceed = control_.gate(step_boundary, [&](bool waiting) {
        if (waiting) {
            paused_at_ms = wallMs();
            state(RunState::Paused);
        } else {
            progress_origin_ms_ += wallMs() - paused_at_ms;  // a pause must not look like slow work in the ETA
            state(RunState::Running);
        }
    });
    if (proceed == RunControl::Proceed::Stop) throw Cancelled();
}

void JobContext::post(EventBody body) {
    FM_ASSERT(next_seq_ == 0 ? std::holds_alternative<RunOpened>(body) : !std::holds_alternative<RunOpened>(body),
              "opening comes first and once");
    const RunEvent event{next_seq_++, wallMs(), std::move(body)};
    for (EventSink* sink : sinks_) sink->post(event);
}

}  // namespace fm
