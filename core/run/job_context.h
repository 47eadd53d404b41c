// What every job is handed: control in, events out. One per run.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/memory_use.h"
#include "core/run/event.h"
#include "core/run/run_control.h"

namespace fm {

// Thread: the job's thread. Numbers events without gaps and adds the time. Texts are made valid UTF-8 (utf8.h).
class JobContext {
public:
    JobContext(RunControl& control, std::vector<EventSink*> sinks);

    void open(RunOpened header);                    // once, before anything else
    void warnWhenOpened(const std::string& text) {  // "" = nothing
        if (!text.empty()) opening_warnings_.push_back(text);
    }
    // Asked twice a second at most, for progress().
    void setMemoryGauge(std::function<MemoryUse()> gauge) { memory_gauge_ = std::move(gauge); }
    void append(int table, Row row);  // checks the row against its table (assert)
    void log(Severity severity, std::string text);
    // `done` of `total` units. The ETA comes from the rate since the first call (of this phase: a smaller `done` than
    // the first begins a new one); time spent paused does not count.
    void progress(std::int64_t done, std::int64_t total, const std::string& unit, double tokens_per_s = 0);
    void state(RunState state, std::string text = {});
    // Before a checkpoint is saved: a killed job must not find rows missing that its checkpoint counts on.
    void flush();

    // Throws Cancelled when a stop was requested. Posts Paused/Running when the job waited.
    void checkpointGate(bool step_boundary);

    RunControl& control() { return control_; }
    const RunOpened& header() const { return header_; }
    double wallMs() const;

private:
    void post(EventBody body);

    RunControl& control_;
    std::vector<EventSink*> sinks_;
    RunOpened header_;
    std::vector<std::string> opening_warnings_;
    std::uint64_t next_seq_ = 0;
    std::chrono::steady_clock::time_point start_;
    std::int64_t progress_origin_ = -1;
    double progress_origin_ms_ = 0;
    std::function<MemoryUse()> memory_gauge_;
    MemoryUse memory_;
    double memory_asked_ms_ = 0;
};

}  // namespace fm
