// What a job says while it works: values in the past tense, no tensors, no Qt, no HDF5.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/run/table.h"

namespace fm {

enum class RunState { Running, Paused, Finished, Cancelled, Failed };
const char* toString(RunState state);  // "running", ...
std::optional<RunState> runStateFromString(std::string_view word);
bool isTerminal(RunState state);  // Finished, Cancelled or Failed: nothing follows

// First event of every run. `spec_json` is the complete spec with every default filled in.
struct RunOpened {
    std::string run_id;  // "<UTC time>-<job>-<6 hex>", unique within a study; also the file stem
    std::string job;     // "align", "gates", ...
    std::string spec_json;
    std::string software;  // version, LibTorch version, kernel path
    std::string device;    // "cpu avx512, 2 threads" or the GPU's name
    std::string teacher_hash;
    std::vector<std::string> parents;  // ids this run was made from: branch set, gate run, plan
    std::vector<Table> tables;
    std::string chat_family =
        {};  // of the chat form that prompts had (core/formats/chat_template.h); empty: plain text
};
struct RowAppended {
    int table = 0;  // index into RunOpened::tables
    Row row;
};
struct StateChanged {
    RunState state = RunState::Running;
    std::string text;  // for Failed: the one sentence; otherwise may be empty
};
struct Progressed {
    std::int64_t done = 0;
    std::int64_t total = 0;
    std::string unit;         // "steps", "plans", "samples", "tensors"
    double tokens_per_s = 0;  // 0 when unknown
    double eta_s = -1;        // < 0 when unknown
    // Taken where the job computes: by this process of the machine's memory, or by all programs of the GPU's.
    // 0 when unknown.
    std::int64_t memory_bytes = 0;
    std::int64_t memory_total_bytes = 0;
};
enum class Severity { Info, Warning, Error };
const char* toString(Severity severity);  // "info", "warning", "error"
std::optional<Severity> severityFromString(std::string_view word);
struct Logged {
    Severity severity = Severity::Info;
    std::string text;  // begins with the module in brackets: "[gates] ..."
};

using EventBody = std::variant<RunOpened, RowAppended, StateChanged, Progressed, Logged>;

struct RunEvent {
    std::uint64_t seq = 0;  // gap-free per run, from 0
    double wall_ms = 0;     // since the run was opened
    EventBody body;
};

// Where events go. Thread: called on the job's thread only. A sink for the disk may wait; it throws WorldError
// when it cannot store, and the job then fails with that sentence. A sink for a screen never waits.
class EventSink {
public:
    virtual ~EventSink() = default;
    virtual void post(const RunEvent& event) = 0;
    // Returns when everything posted so far would survive the end of this process. Nothing to do for a screen.
    virtual void flush() {}
};

}  // namespace fm
