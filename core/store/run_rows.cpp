#include "core/store/run_rows.h"

#include <algorithm>
#include <utility>

namespace fm {

static std::vector<std::vector<float>> vectorCells(const FloatMatrix& matrix) {
    std::vector<std::vector<float>> cells;
    for (std::int64_t row = 0; row < matrix.rows; ++row) {
        const auto begin = matrix.values.begin() + row * matrix.width;
        cells.emplace_back(begin, begin + matrix.width);
    }
    return cells;
}

std::vector<Row> readRows(const RunReader& reader, int table, std::int64_t first, std::int64_t count) {
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
