#include "core/store/jsonl_run.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/store/writer_lock.h"

namespace fm {

JsonlRun::JsonlRun(std::string path) : path_(std::move(path)) {
    readJsonlEvents(path_, [this](const RunEvent& event) {
        if (const auto* opened = std::get_if<RunOpened>(&event.body)) {
            header_ = *opened;
            rows_.resize(opened->tables.size() + 2);
        } else if (const auto* appended = std::get_if<RowAppended>(&event.body)) {
            rows_[static_cast<std::size_t>(appended->table)].push_back(appended->row);
        } else if (const auto* changed = std::get_if<StateChanged>(&event.body)) {
            state_ = changed->state;
            rows_.back().push_back(stateRow(event, *changed));
        } else if (const auto* logged = std::get_if<Logged>(&event.body)) {
            rows_[header_.tables.size()].push_back(logRow(event, *logged));
        }
    });
}

bool JsonlRun::interrupted() const { return !isTerminal(state_) && !hasLiveWriter(path_); }

std::int64_t JsonlRun::countRows(int table) const {
    return static_cast<std::int64_t>(rows_.at(static_cast<std::size_t>(table)).size());
}

std::vector<Row> JsonlRun::readRows(int table, std::int64_t first, std::int64_t count) const {
    const std::vector<Row>& rows = rows_.at(static_cast<std::size_t>(table));
    const std::int64_t total = static_cast<std::int64_t>(rows.size());
    const std::int64_t begin = std::clamp<std::int64_t>(first, 0, total);
    const std::int64_t length = std::clamp<std::int64_t>(count, 0, total - begin);
    return {rows.begin() + begin, rows.begin() + begin + length};
}

std::int64_t JsonlRun::rows(const std::string& table) const {
    for (std::size_t t = 0; t < header_.tables.size(); ++t)
        if (header_.tables[t].name == table) return static_cast<std::int64_t>(rows_[t].size());
    return 0;
}

bool JsonlRun::has(const std::string& column) const {
    for (const Table& table : header_.tables)
        for (const Column& candidate : table.columns)
            if (candidate.path == column) return true;
    return false;
}

// Calls take(cell) for the rows asked for; take() says whether the cell was of its type.
template <class Take>
void JsonlRun::eachCell(const std::string& column, std::int64_t first, std::int64_t count, const Take& take) const {
    for (std::size_t t = 0; t < header_.tables.size(); ++t) {
        const std::vector<Column>& columns = header_.tables[t].columns;
        const auto found =
            std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.path == column; });
        if (found == columns.end()) continue;
        const std::int64_t total = static_cast<std::int64_t>(rows_[t].size());
        const std::int64_t begin = std::clamp<std::int64_t>(first, 0, total);
        const std::int64_t length = count < 0 ? total - begin : std::min(count, total - begin);
        for (std::int64_t row = begin; row < begin + length; ++row) {
            const Row& cells = rows_[t][static_cast<std::size_t>(row)];
            if (!take(cells[static_cast<std::size_t>(found - columns.begin())]))
                throw FormatError(path_ + ": " + column + ": is of another type");
        }
        return;
    }
    throw FormatError(path_ + ": " + column + ": is not recorded in this run");
}

std::vector<double> JsonlRun::readNumbers(const std::string& column, std::int64_t first, std::int64_t count) const {
    std::vector<double> values;
    eachCell(column, first, count, [&](const Cell& cell) {
        if (const auto* integer = std::get_if<std::int64_t>(&cell)) {
            values.push_back(static_cast<double>(*integer));
            return true;
        }
        const auto* number = std::get_if<double>(&cell);
        if (number) values.push_back(*number);
        return number != nullptr;
    });
    return values;
}

std::vector<std::string> JsonlRun::readTexts(const std::string& column, std::int64_t first, std::int64_t count) const {
    std::vector<std::string> values;
    eachCell(column, first, count, [&](const Cell& cell) {
        const auto* text = std::get_if<std::string>(&cell);
        if (text) values.push_back(*text);
        return text != nullptr;
    });
    return values;
}

std::vector<float> JsonlRun::readVector(const std::string& column, std::int64_t row) const {
    std::vector<float> values;
    eachCell(column, row, 1, [&](const Cell& cell) {
        const auto* vector = std::get_if<std::vector<float>>(&cell);
        if (vector) values = *vector;
        return vector != nullptr;
    });
    return values;
}

RunOpened headerOfJsonl(const std::string& path) {
    RunOpened header;
    readJsonlEvents(path, [&](const RunEvent& event) {
        if (const auto* opened = std::get_if<RunOpened>(&event.body)) header = *opened;
    });
    return header;
}

RunSummary summarizeJsonl(const std::string& path) {
    RunSummary summary;
    std::vector<std::string> tables;
    readJsonlEvents(path, [&](const RunEvent& event) {
        if (const auto* opened = std::get_if<RunOpened>(&event.body)) {
            summary = summaryOf(*opened);
            for (const Table& table : opened->tables) {
                tables.push_back(table.name);
                summary.rows[table.name] = 0;
            }
        } else if (const auto* appended = std::get_if<RowAppended>(&event.body)) {
            ++summary.rows[tables[static_cast<std::size_t>(appended->table)]];
        } else if (const auto* changed = std::get_if<StateChanged>(&event.body)) {
            summary.state = changed->state;
        }
    });
    summary.path = path;
    summary.interrupted = !isTerminal(summary.state) && !hasLiveWriter(path);
    return summary;
}

}  // namespace fm
