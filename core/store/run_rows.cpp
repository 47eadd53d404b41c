#include "core/store/run_rows.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/base/error.h"
#include "core/store/h5.h"

namespace fm {

static std::vector<std::vector<float>> vectorCells(const FloatMatrix& matrix) {
    std::vector<std::vector<float>> cells;
    for (std::int64_t row = 0; row < matrix.rows; ++row) {
        const auto begin = matrix.values.begin() + row * matrix.width;
        cells.emplace_back(begin, begin + matrix.width);
    }
    return cells;
}

static std::vector<Row> logRows(const RunReader& reader) {
    std::vector<Row> rows;
    for (LogLine& line : reader.readLog())
        rows.push_back({static_cast<std::int64_t>(line.seq), line.wall_ms, std::string(toString(line.severity)),
                        std::move(line.text)});
    return rows;
}

static std::vector<Row> stateRows(const RunReader& reader) {
    std::vector<Row> rows;
    for (StateLine& line : reader.readStates())
        rows.push_back({static_cast<std::int64_t>(line.seq), line.wall_ms, std::string(toString(line.state)),
                        std::move(line.text)});
    return rows;
}

// Empty for the run's own tables.
static std::vector<Row> eventRows(const RunReader& reader, int table) {
    const int num_tables = static_cast<int>(reader.header().tables.size());
    if (table == num_tables) return logRows(reader);
    return table == num_tables + 1 ? stateRows(reader) : std::vector<Row>();
}

std::int64_t countRows(const RunReader& reader, int table) {
    if (table < static_cast<int>(reader.header().tables.size())) return reader.rows(table);
    return static_cast<std::int64_t>(eventRows(reader, table).size());
}

std::vector<Row> readRows(const RunReader& reader, int table, std::int64_t first, std::int64_t count) {
    if (table >= static_cast<int>(reader.header().tables.size())) {
        std::vector<Row> rows = eventRows(reader, table);
        const std::int64_t size = static_cast<std::int64_t>(rows.size());
        const std::int64_t begin = std::clamp<std::int64_t>(first, 0, size);
        const std::int64_t end = begin + std::clamp<std::int64_t>(count, 0, size - begin);
        return {std::make_move_iterator(rows.begin() + begin), std::make_move_iterator(rows.begin() + end)};
    }
    const h5::Session session;  // one for all columns, so that they wait for other threads only once
    const std::int64_t total = reader.rows(table);
    const std::int64_t begin = std::clamp<std::int64_t>(first, 0, total);
    const std::int64_t length = std::clamp<std::int64_t>(count, 0, total - begin);
    std::vector<Row> rows(static_cast<std::size_t>(length));
    const auto add = [&rows](auto values) {
        for (std::size_t i = 0; i < rows.size(); ++i) rows[i].emplace_back(std::move(values.at(i)));
    };
    for (const Column& column : reader.header().tables[static_cast<std::size_t>(table)].columns) {
        switch (column.type) {
            case CellType::Int64:
                add(reader.readIntegers(column.path, begin, length));
                break;
            case CellType::Float64:
                add(reader.readNumbers(column.path, begin, length));
                break;
            case CellType::Text:
                add(reader.readTexts(column.path, begin, length));
                break;
            case CellType::Float32Vector:
                add(vectorCells(reader.readVectors(column.path, begin, length)));
                break;
        }
    }
    return rows;
}

}  // namespace fm
