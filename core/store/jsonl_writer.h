// Keeps a run as JSON lines: what a build without HDF5 does. In every build, so that every build tests it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "core/run/event.h"
#include "core/store/writer_lock.h"

namespace fm {

// Like RunWriter, with lines instead of datasets: `<folder>/<run id>.jsonl`, flushed as JsonlSink does, and locked
// while it is written, so that nobody resumes a live run. WorldError names the path and what to do.
// Thread: one at a time.
class JsonlWriter final : public EventSink {
public:
    static std::unique_ptr<JsonlWriter> inFolder(std::string folder);  // the file appears when RunOpened arrives
    // Goes on with a run that ended or was killed: when RunOpened arrives (same run id, same tables) the file is
    // replaced by one with the first rows of each table, by name (all rows of tables not named), and grows from there.
    // The lock, taken by the caller before it read anything of the run, is held to the end.
    static std::unique_ptr<JsonlWriter> resume(WriterLock lock, std::map<std::string, std::int64_t> rows_to_keep);
    ~JsonlWriter() override;

    void post(const RunEvent& event) override;
    void flush() override;
    // WorldError also when the file was deleted or replaced meanwhile. Afterwards only a change of state, which is not
    // stored, may be posted.
    void close();

private:
    struct State;
    explicit JsonlWriter(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace fm
