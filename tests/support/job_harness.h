// A job run in the test's own process: what it posts is kept, and a test may act between two of its rows.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/run/job_context.h"

namespace fm::testing {

struct RecordingSink : EventSink {
    std::vector<std::pair<int, Row>> rows;
    std::vector<Logged> logs;
    std::function<void(int table, const Row& row)> after_row;

    void post(const RunEvent& event) override {
        if (const auto* logged = std::get_if<Logged>(&event.body)) logs.push_back(*logged);
        const auto* appended = std::get_if<RowAppended>(&event.body);
        if (appended == nullptr) return;
        rows.emplace_back(appended->table, appended->row);
        if (after_row) after_row(appended->table, appended->row);
    }
    bool logged(Severity severity, const std::string& part) const {
        return std::any_of(logs.begin(), logs.end(), [&](const Logged& line) {
            return line.severity == severity && line.text.find(part) != std::string::npos;
        });
    }
};

// Thread: the test's.
struct JobHarness {
    std::vector<Table> tables;
    RunControl control;
    RecordingSink sink;
    JobContext context;

    explicit JobHarness(std::vector<Table> run_tables)
        : tables(std::move(run_tables)), context(control, std::vector<EventSink*>{&sink}) {
        RunOpened header;
        header.run_id = "test";
        header.job = "test";
        header.tables = tables;
        context.open(header);
    }

    std::vector<Row> rows(int table) const {
        std::vector<Row> found;
        for (const auto& [index, row] : sink.rows)
            if (index == table) found.push_back(row);
        return found;
    }
    // One column of a table by its path, as doubles.
    std::vector<double> numbers(int table, const std::string& path) const {
        std::vector<double> values;
        for (const Row& row : rows(table)) {
            const Cell& cell = row[column(table, path)];
            const auto* integer = std::get_if<std::int64_t>(&cell);
            values.push_back(integer ? static_cast<double>(*integer) : std::get<double>(cell));
        }
        return values;
    }
    template <class Value>
    std::vector<Value> cells(int table, const std::string& path) const {
        std::vector<Value> values;
        for (const Row& row : rows(table)) values.push_back(std::get<Value>(row[column(table, path)]));
        return values;
    }

private:
    std::size_t column(int table, const std::string& path) const {
        const std::vector<Column>& columns = tables[static_cast<std::size_t>(table)].columns;
        const auto found =
            std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.path == path; });
        if (found == columns.end()) throw std::out_of_range(path);
        return static_cast<std::size_t>(found - columns.begin());
    }
};

inline bool near(double value, double expected, double tolerance) { return std::abs(value - expected) <= tolerance; }

}  // namespace fm::testing
