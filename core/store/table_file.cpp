#include "core/store/table_file.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/base/assert.h"
#include "core/store/run_schema.h"

namespace fm {

using h5::check;
using h5::Id;
using h5::owned;

// Unwritten elements must not look like measurements, should they ever be seen.
static void setFillValue(hid_t properties, const Column& column) {
    const std::int64_t no_integer = std::numeric_limits<std::int64_t>::min();
    const double no_number = std::numeric_limits<double>::quiet_NaN();
    if (column.type == CellType::Int64)
        check(H5Pset_fill_value(properties, H5T_NATIVE_INT64, &no_integer), column.path);
    if (column.type == CellType::Float64 || column.type == CellType::Float32Vector)
        check(H5Pset_fill_value(properties, H5T_NATIVE_DOUBLE, &no_number), column.path);
}

static Id createColumn(hid_t file, const Table& table, const Column& column, hid_t type) {
    const int rank = column.type == CellType::Float32Vector ? 2 : 1;
    const hsize_t width = static_cast<hsize_t>(column.width);
    const hsize_t extent[2] = {0, width};
    const hsize_t limit[2] = {H5S_UNLIMITED, width};
    const hsize_t chunk[2] = {run_schema::chunkRows(column), width};
    const Id space = owned(H5Screate_simple(rank, extent, limit), H5Sclose, column.path);
    const Id creation = owned(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, column.path);
    check(H5Pset_chunk(creation.get(), rank, chunk), column.path);
    setFillValue(creation.get(), column);
    const Id links = owned(H5Pcreate(H5P_LINK_CREATE), H5Pclose, column.path);
    check(H5Pset_create_intermediate_group(links.get(), 1), column.path);
    Id dataset =
        owned(H5Dcreate2(file, column.path.c_str(), type, space.get(), links.get(), creation.get(), H5P_DEFAULT),
              H5Dclose, column.path);
    h5::writeText(dataset.get(), "unit", column.unit);
    h5::writeText(dataset.get(), "help", column.help);
    h5::writeText(dataset.get(), "table", table.name);
    return dataset;
}

static Id createFixed(hid_t group, const char* name, hid_t type, hid_t space, const void* data) {
    const Id creation = owned(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, name);
    check(H5Pset_alloc_time(creation.get(), H5D_ALLOC_TIME_EARLY), name);
    Id dataset = owned(H5Dcreate2(group, name, type, space, H5P_DEFAULT, creation.get(), H5P_DEFAULT), H5Dclose, name);
    check(H5Dwrite(dataset.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), name);
    return dataset;
}

// tables/<name>: the count of complete rows (returned) and the list of columns.
static Id createDirectory(hid_t file, const Table& table, int index) {
    const Id links = owned(H5Pcreate(H5P_LINK_CREATE), H5Pclose, table.name);
    check(H5Pset_create_intermediate_group(links.get(), 1), table.name);
    const Id group = owned(H5Gcreate2(file, ("tables/" + table.name).c_str(), links.get(), H5P_DEFAULT, H5P_DEFAULT),
                           H5Gclose, table.name);
    h5::writeInteger(group.get(), "index", index);
    std::size_t width = 1;
    for (const Column& column : table.columns) width = std::max(width, column.path.size());
    std::string paths;
    for (const Column& column : table.columns) paths += column.path + std::string(width - column.path.size(), '\0');
    const hsize_t count = table.columns.size();
    const Id list_space = owned(H5Screate_simple(1, &count, nullptr), H5Sclose, table.name);
    createFixed(group.get(), "columns", h5::textType(width).get(), list_space.get(), paths.data());
    const std::int64_t no_rows = 0;
    const Id scalar = owned(H5Screate(H5S_SCALAR), H5Sclose, table.name);
    return createFixed(group.get(), "rows", H5T_NATIVE_INT64, scalar.get(), &no_rows);
}

TableFile::TableFile(hid_t file, const Table& table, int index) : table_(table) {
    for (const Column& column : table.columns) {
        Id type = run_schema::memoryType(column);
        Id dataset = createColumn(file, table, column, type.get());
        columns_.push_back({column, std::move(dataset), std::move(type), {}});
    }
    rows_dataset_ = createDirectory(file, table, index);
}

static void appendBytes(std::vector<char>& bytes, const void* data, std::size_t size) {
    const char* begin = static_cast<const char*>(data);
    bytes.insert(bytes.end(), begin, begin + size);
}

static void appendCell(std::vector<char>& bytes, const Column& column, const Cell& cell) {
    if (const std::int64_t* integer = std::get_if<std::int64_t>(&cell)) appendBytes(bytes, integer, sizeof *integer);
    if (const double* number = std::get_if<double>(&cell)) appendBytes(bytes, number, sizeof *number);
    if (const std::vector<float>* values = std::get_if<std::vector<float>>(&cell))
        appendBytes(bytes, values->data(), values->size() * sizeof(float));
    if (const std::string* text = std::get_if<std::string>(&cell)) {
        appendBytes(bytes, text->data(), text->size());
        bytes.resize(bytes.size() + static_cast<std::size_t>(column.width) - text->size(), '\0');
    }
}

void TableFile::push(const Row& row) {
    if (const std::string wrong = rowMismatch(table_, row); !wrong.empty()) throw FormatError(wrong);
    for (std::size_t i = 0; i < columns_.size(); ++i) appendCell(columns_[i].pending, columns_[i].column, row[i]);
    ++pending_rows_;
}

void TableFile::pushRaw(std::size_t column, const std::vector<char>& bytes) {
    appendBytes(columns_[column].pending, bytes.data(), bytes.size());
    pending_rows_ =
        static_cast<std::int64_t>(columns_[column].pending.size() / run_schema::rowBytes(columns_[column].column));
}

std::size_t TableFile::bytesNeeded() const {
    if (pending_rows_ == 0) return 0;
    std::size_t bytes = 0;
    for (const ColumnFile& column : columns_)
        bytes += column.pending.size() + 2 * run_schema::chunkRows(column.column) * run_schema::rowBytes(column.column);
    return bytes;
}

void TableFile::dropPending() {
    for (ColumnFile& column : columns_) column.pending.clear();
    pending_rows_ = 0;
}

void TableFile::abandon() {
    for (ColumnFile& column : columns_) column.dataset.release();
    rows_dataset_.release();
}

void TableFile::writeColumn(ColumnFile& column) {
    const int rank = column.column.type == CellType::Float32Vector ? 2 : 1;
    const hsize_t width = static_cast<hsize_t>(column.column.width);
    const hsize_t extent[2] = {static_cast<hsize_t>(rows_ + pending_rows_), width};
    const hsize_t first[2] = {static_cast<hsize_t>(rows_), 0};
    const hsize_t count[2] = {static_cast<hsize_t>(pending_rows_), width};
    const std::string doing = "appending to " + column.column.path;
    check(H5Dset_extent(column.dataset.get(), extent), doing);
    const Id file_space = owned(H5Dget_space(column.dataset.get()), H5Sclose, doing);
    check(H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, first, nullptr, count, nullptr), doing);
    const Id memory_space = owned(H5Screate_simple(rank, count, nullptr), H5Sclose, doing);
    check(H5Dwrite(column.dataset.get(), column.memory_type.get(), memory_space.get(), file_space.get(), H5P_DEFAULT,
                   column.pending.data()),
          doing);
    column.pending.clear();
}

void TableFile::writePending() {
    if (pending_rows_ == 0) return;
    for (ColumnFile& column : columns_) {
        FM_ASSERT(
            column.pending.size() == static_cast<std::size_t>(pending_rows_) * run_schema::rowBytes(column.column),
            "every column holds the same number of rows");
        writeColumn(column);
    }
    rows_ += pending_rows_;
    pending_rows_ = 0;
}

void TableFile::publishRows() {
    const std::string doing = "counting the rows of " + table_.name;
    check(H5Dwrite(rows_dataset_.get(), H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, &rows_), doing);
    check(H5Dflush(rows_dataset_.get()), doing);
}

}  // namespace fm
