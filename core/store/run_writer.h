// Stores a run: an EventSink that writes runs/<run_id>.h5 (layout: run_schema.h; README).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "core/run/event.h"
#include "core/store/writer_lock.h"

namespace fm {

// Rows reach the file every 100 rows or after 1 s, also while the job says nothing; state changes and errors at once.
// A killed process loses at most the last second. Readers may open the file at any time. Progressed is not stored.
//
// A full disk, like every other failure, is a WorldError naming the path and what to do. From then on the file says
// `failed`, stays readable up to the last flush, and every event but a state change throws the same sentence again.
//
// Thread: post(), flush() and close() on one thread.
class RunWriter final : public EventSink {
public:
    // `folder` is the study's runs folder; the file is created when RunOpened arrives.
    static std::unique_ptr<RunWriter> inFolder(std::string folder);
    static std::unique_ptr<RunWriter> atPath(std::string path);
    // Goes on with a run that ended or was killed: when RunOpened arrives (same run id, same tables) the file is
    // replaced by one that holds the first rows of each table, by table name (all rows of tables not named), and
    // grows from there. FormatError when it is no run file or holds fewer rows than asked for. The lock, taken by the
    // caller before it read anything of the run, is held to the end.
    static std::unique_ptr<RunWriter> resume(WriterLock lock, std::map<std::string, std::int64_t> rows_to_keep);
    ~RunWriter() override;  // closes; failures are lost here, so call close()

    void post(const RunEvent& event) override;
    void flush();
    void close();                     // afterwards only a change of state, which is not stored, may be posted
    const std::string& path() const;  // empty before RunOpened, when in a folder

private:
    struct State;
    explicit RunWriter(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace fm
