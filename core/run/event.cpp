#include "core/run/event.h"
#include "core/base/assert.h"

namespace fm {

const char* toString(RunState state) {
    switch (state) {
        case RunState::Running:
            return "running";
        case RunState::Paused:
            return "paused";
        case RunState::Finished:
            return "finished";
        case RunState::Cancelled:
            return "cancelled";
        case RunState::Failed:
            return "failed";
    }
    FM_ASSERT(false, "the state has a word");
    return "";
}

std::optional<RunState> runStateFromString(std::string_view word) {
    for (RunState state :
         {RunState::Running, RunState::Paused, RunState::Finished, RunState::Cancelled, RunState::Failed})
        if (word == toString(state)) return state;
    return std::nullopt;
}

bool isTerminal(RunState state) { return state != RunState::Running && state != RunState::Paused; }

const char* toString(Severity severity) {
    switch (severity) {
        case Severity::Info:
            return "info";
        case Severity::Warning:
            return "warning";
        case Severity::Error:
            return "error";
    }
    FM_ASSERT(false, "the severity has a word");
    return "";
}

std::optional<Severity> severityFromString(std::string_view word) {
    for (Severity severity : {Severity::Info, Severity::Warning, Severity::Error})
        if (word == toString(severity)) return severity;
    return std::nullopt;
}

}  // namespace fm
