#include "core/run/table.h"

#include <algorithm>

namespace fm {

Column scalarColumn(const char* path, const char* unit, const char* help) {
    return {path, CellType::Float64, 1, unit, help};
}

static std::string cellMismatch(const Column& column, const Cell& cell) {
    switch (column.type) {
        case CellType::Int64:
            return std::holds_alternative<std::int64_t>(cell) ? "" : column.path + " expects an integer";
        case CellType::Float64:
            return std::holds_alternative<double>(cell) ? "" : column.path + " expects a number";
        case CellType::Float32Vector: {
            const std::vector<float>* values = std::get_if<std::vector<float>>(&cell);
            if (!values) return column.path + " expects a vector";
            if (values->size() == static_cast<std::size_t>(column.width)) return "";
            return column.path + " expects " + std::to_string(column.width) + " values, got " +
                   std::to_string(values->size());
        }
        case CellType::Text: {
            const std::string* text = std::get_if<std::string>(&cell);
            if (!text) return column.path + " expects text";
            if (text->size() <= static_cast<std::size_t>(column.width)) return "";
            return column.path + " holds at most " + std::to_string(column.width) + " bytes, got " +
                   std::to_string(text->size());
        }
    }
    return column.path + " has no known type";
}

std::string rowMismatch(const Table& table, const Row& row) {
    if (row.size() != table.columns.size())
        return "table " + table.name + " has " + std::to_string(table.columns.size()) + " columns, got " +
               std::to_string(row.size()) + " cells";
    for (std::size_t i = 0; i < row.size(); ++i)
        if (std::string wrong = cellMismatch(table.columns[i], row[i]); !wrong.empty()) return wrong;
    return "";
}

static bool sameColumn(const Column& a, const Column& b) {
    return a.path == b.path && a.type == b.type && a.width == b.width;
}

static bool sameTable(const Table& a, const Table& b) {
    return a.name == b.name &&
           std::equal(a.columns.begin(), a.columns.end(), b.columns.begin(), b.columns.end(), sameColumn);
}

bool sameTables(const std::vector<Table>& a, const std::vector<Table>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), sameTable);
}

}  // namespace fm
