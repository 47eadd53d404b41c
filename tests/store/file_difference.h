// Everything that a reader gives of two run files, one held against the other.
#pragma once

#include <string>

#include "core/store/run_reader.h"

namespace fm::testing {

inline std::string headerDifference(const RunOpened& a, const RunOpened& b) {
    if (a.run_id != b.run_id || a.job != b.job || a.spec_json != b.spec_json || a.software != b.software ||
        a.device != b.device || a.teacher_hash != b.teacher_hash || a.chat_family != b.chat_family ||
        a.parents != b.parents)
        return "header";
    if (a.tables.size() != b.tables.size()) return "number of tables";
    for (std::size_t t = 0; t < a.tables.size(); ++t) {
        if (a.tables[t].name != b.tables[t].name || a.tables[t].columns.size() != b.tables[t].columns.size())
            return "table " + a.tables[t].name;
        for (std::size_t c = 0; c < a.tables[t].columns.size(); ++c) {
            const Column &x = a.tables[t].columns[c], &y = b.tables[t].columns[c];
            if (x.path != y.path || x.type != y.type || x.width != y.width || x.unit != y.unit || x.help != y.help)
                return "column " + x.path;
        }
    }
    return {};
}

// "" when nothing differs: header, columns bit for bit, state, history of states, log.
inline std::string fileDifference(const RunReader& a, const RunReader& b) {
    if (const std::string header = headerDifference(a.header(), b.header()); !header.empty()) return header;
    for (std::size_t t = 0; t < a.header().tables.size(); ++t) {
        const int table = static_cast<int>(t);
        if (a.rows(table) != b.rows(table))
            return "rows of " + a.header().tables[t].name + ": " + std::to_string(a.rows(table)) + " and " +
                   std::to_string(b.rows(table));
        for (std::size_t c = 0; c < a.header().tables[t].columns.size(); ++c)
            if (a.readRaw(table, static_cast<int>(c), a.rows(table)) !=
                b.readRaw(table, static_cast<int>(c), b.rows(table)))
                return "values of " + a.header().tables[t].columns[c].path;
    }
    if (a.state() != b.state() || a.interrupted() != b.interrupted()) return "state";
    const std::vector<StateLine> states_a = a.readStates(), states_b = b.readStates();
    if (states_a.size() != states_b.size()) return "number of states";
    for (std::size_t i = 0; i < states_a.size(); ++i)
        if (states_a[i].seq != states_b[i].seq || states_a[i].wall_ms != states_b[i].wall_ms ||
            states_a[i].state != states_b[i].state || states_a[i].text != states_b[i].text)
            return "state " + std::to_string(i);
    const std::vector<LogLine> log_a = a.readLog(), log_b = b.readLog();
    if (log_a.size() != log_b.size())
        return "lines of the log: " + std::to_string(log_a.size()) + " and " + std::to_string(log_b.size());
    for (std::size_t i = 0; i < log_a.size(); ++i)
        if (log_a[i].seq != log_b[i].seq || log_a[i].wall_ms != log_b[i].wall_ms ||
            log_a[i].severity != log_b[i].severity || log_a[i].text != log_b[i].text)
            return "line " + std::to_string(i) + " of the log";
    return {};
}

}  // namespace fm::testing
