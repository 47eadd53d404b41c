// What a run records. A job declares its tables before the first row; nothing is added afterwards, because the run
// file must not grow new datasets once single-writer-multiple-reader access has begun.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace fm {

enum class CellType { Int64, Float64, Float32Vector, Text };

// One dataset of the run file. `path` is its HDF5 path ("series/loss/align"), and also the id under which it is
// plotted. A column of N rows is N long; a Float32Vector column is N x width.
struct Column {
    std::string path;
    CellType type = CellType::Float64;
    int width = 1;     // vector length, or the capacity in bytes of a Text column (longer text is refused)
    std::string unit;  // "", "ms", "tokens", "nat", "1" for ratios
    std::string help;  // one sentence in the method's terms
};

Column scalarColumn(const char* path, const char* unit, const char* help);  // of doubles

// Columns that grow together. Names used by jobs: "steps", "probes", "samples", "pairs", "plans".
struct Table {
    std::string name;
    std::vector<Column> columns;
};

using Cell = std::variant<std::int64_t, double, std::vector<float>, std::string>;
using Row = std::vector<Cell>;

// Empty when `row` fits `table`: as many cells as columns, each of its column's type and length. Otherwise what is
// wrong, naming the column.
std::string rowMismatch(const Table& table, const Row& row);

// Whether rows of the one fit the other, table by table: names, paths, types and widths.
bool sameTables(const std::vector<Table>& a, const std::vector<Table>& b);

}  // namespace fm
