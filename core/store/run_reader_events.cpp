// The log and the states of a run file: rows of one event are joined again.
#include "core/base/error.h"
#include "core/store/run_reader.h"

namespace fm {

namespace {

struct EventRows {
    std::vector<std::int64_t> seqs;
    std::vector<double> wall_ms;
    std::vector<std::string> words;
    std::vector<std::string> texts;
};

EventRows readRows(const RunReader& reader, const std::string& group, const char* word) {
    return {reader.readIntegers(group + "/seq"), reader.readNumbers(group + "/wall_ms"),
            reader.readTexts(group + "/" + word), reader.readTexts(group + "/text")};
}

// Calls add(first row, joined text) per event.
template <class Add>
void joinRows(const EventRows& rows, const Add& add) {
    for (std::size_t i = 0; i < rows.seqs.size();) {
        std::string text = rows.texts[i];
        std::size_t next = i + 1;
        while (next < rows.seqs.size() && rows.seqs[next] == rows.seqs[i] && rows.wall_ms[next] == rows.wall_ms[i])
            text += rows.texts[next++];
        add(i, std::move(text));
        i = next;
    }
}

}  // namespace

std::vector<LogLine> RunReader::readLog() const {
    const EventRows rows = readRows(*this, "events/log", "severity");
    std::vector<LogLine> lines;
    joinRows(rows, [&](std::size_t i, std::string text) {
        const std::optional<Severity> severity = severityFromString(rows.words[i]);
        if (!severity) throw FormatError(path() + ": events/log/severity: unknown word in row " + std::to_string(i));
        lines.push_back({static_cast<std::uint64_t>(rows.seqs[i]), rows.wall_ms[i], *severity, std::move(text)});
    });
    return lines;
}

std::vector<StateLine> RunReader::readStates() const {
    const EventRows rows = readRows(*this, "events/state", "state");
    std::vector<StateLine> lines;
    joinRows(rows, [&](std::size_t i, std::string text) {
        const std::optional<RunState> state = runStateFromString(rows.words[i]);
        if (!state) throw FormatError(path() + ": events/state/state: unknown word in row " + std::to_string(i));
        lines.push_back({static_cast<std::uint64_t>(rows.seqs[i]), rows.wall_ms[i], *state, std::move(text)});
    });
    return lines;
}

}  // namespace fm
