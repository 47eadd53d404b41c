// Run record without HDF5: every event as one JSON line. `runs import` turns it into a run file later.
#pragma once

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "core/run/event.h"

namespace fm {

// Lines reach the disk every 100 events or, at the next event, after 1 s; state changes and errors at once. A killed
// process leaves at most one torn last line, which the import drops. WorldError names the path and what to do.
// Thread: the job's.
class JsonlSink final : public EventSink {
public:
    explicit JsonlSink(std::string path);  // creates or replaces the file
    ~JsonlSink() override;
    void post(const RunEvent& event) override;
    void flush() override;
    const std::string& path() const { return path_; }

private:
    std::string path_;
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
    int unflushed_ = 0;
    std::chrono::steady_clock::time_point last_flush_;
};

}  // namespace fm
