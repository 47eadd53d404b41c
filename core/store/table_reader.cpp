#include "core/store/table_reader.h"

#include <algorithm>

#include "core/store/run_schema.h"

namespace fm {

using h5::check;
using h5::Failure;
using h5::Id;
using h5::owned;

static constexpr std::size_t most_columns = 4096;

static std::vector<std::string> readPaths(hid_t file, const std::string& group) {
    const Id dataset = h5::openOwnDataset(file, group + "/columns");
    const Id type = owned(H5Dget_type(dataset.get()), H5Tclose, group);
    const std::vector<hsize_t> extent = h5::extentOf(dataset.get());
    const std::size_t width = H5Tget_size(type.get());
    if (H5Tget_class(type.get()) != H5T_STRING || H5Tis_variable_str(type.get()) != 0 || extent.size() != 1 ||
        extent[0] == 0 || extent[0] > most_columns || width == 0 || width > 1024)
        throw Failure(group + "/columns", 0, "is no list of column paths");
    std::vector<char> bytes(width * extent[0]);
    check(H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()), group);
    return h5::splitTexts(bytes, width);
}

static void requireScalarInteger(hid_t dataset, const std::string& name) {
    const Id type = owned(H5Dget_type(dataset), H5Tclose, name);
    if (H5Tget_class(type.get()) != H5T_INTEGER || H5Tget_size(type.get()) != 8 || !h5::extentOf(dataset).empty())
        throw Failure(name, 0, "is no row count");
}

TableReader::TableReader(hid_t file, const std::string& group) : file_(file) {
    table_.name = group.substr(group.find_last_of('/') + 1);
    const Id opened = owned(H5Gopen2(file, group.c_str(), H5P_DEFAULT), H5Gclose, group);
    const long long index = h5::readInteger(opened.get(), "index");
    if (index < 0 || index > 1024) throw Failure(group + "/index", 0, "is not a table's place");
    index_ = static_cast<int>(index);
    rows_dataset_ = h5::openOwnDataset(file, group + "/rows");
    requireScalarInteger(rows_dataset_.get(), group + "/rows");
    for (std::string& path : readPaths(file, group)) table_.columns.push_back({.path = std::move(path)});
    datasets_.resize(table_.columns.size());
    readCount();
}

static Column columnOf(hid_t dataset, const std::string& path) {
    const Id type = owned(H5Dget_type(dataset), H5Tclose, path);
    const std::vector<hsize_t> extent = h5::extentOf(dataset);
    const H5T_class_t kind = H5Tget_class(type.get());
    const std::size_t size = H5Tget_size(type.get());
    Column column;
    column.path = path;
    std::size_t width = 1;
    if (kind == H5T_INTEGER && size == 8 && extent.size() == 1) {
        column.type = CellType::Int64;
    } else if (kind == H5T_FLOAT && size == 8 && extent.size() == 1) {
        column.type = CellType::Float64;
    } else if (kind == H5T_FLOAT && size == 4 && extent.size() == 2) {
        column.type = CellType::Float32Vector;
        width = extent[1];
    } else if (kind == H5T_STRING && H5Tis_variable_str(type.get()) == 0 && extent.size() == 1) {
        column.type = CellType::Text;
        width = size;
    } else {
        throw Failure(path, 0, "has a type that no column has");
    }
    if (width < 1 || width > (1u << 20)) throw Failure(path, 0, "has an impossible width");
    column.width = static_cast<int>(width);
    return column;
}

// A chunk is read whole: its size must be one that we would write.
static void requireSmallChunks(hid_t dataset, const std::string& path) {
    constexpr hsize_t largest_bytes = 64 << 20;
    const Id properties = owned(H5Dget_create_plist(dataset), H5Pclose, path);
    if (H5Pget_layout(properties.get()) != H5D_CHUNKED) throw Failure(path, 0, "is not chunked");
    const Id type = owned(H5Dget_type(dataset), H5Tclose, path);
    hsize_t chunk[2] = {1, 1};
    check(H5Pget_chunk(properties.get(), 2, chunk), path);
    if (chunk[0] > largest_bytes || chunk[1] > largest_bytes / chunk[0] / H5Tget_size(type.get()))
        throw Failure(path, 0, "has chunks of more than 64 MiB");
}

const Column& TableReader::openColumn(std::size_t at) {
    if (isOpen(at)) return table_.columns[at];
    const std::string& path = table_.columns[at].path;
    Id dataset = h5::openOwnDataset(file_, path);
    Column column = columnOf(dataset.get(), path);
    requireSmallChunks(dataset.get(), path);
    column.unit = h5::readText(dataset.get(), "unit");
    column.help = h5::readText(dataset.get(), "help");
    table_.columns[at] = std::move(column);
    datasets_[at] = std::move(dataset);
    boundRows(at);
    if (file_bytes_ >= 0) requireColumnInside(at);
    return table_.columns[at];
}

void TableReader::openColumns() {
    for (std::size_t i = 0; i < datasets_.size(); ++i) openColumn(i);
}

void TableReader::readCount() {
    std::int64_t published = 0;
    check(H5Dread(rows_dataset_.get(), H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, &published), table_.name);
    rows_ = std::max<std::int64_t>(published, 0);
}

// A column that does not reach as far as the count says ends the table.
void TableReader::boundRows(std::size_t column) {
    const hsize_t length = h5::extentOf(datasets_[column].get())[0];
    if (length < static_cast<hsize_t>(rows_)) rows_ = static_cast<std::int64_t>(length);
    // Extents are only promises: what is stored bounds them (deflate reaches 1032 to 1).
    const Column& what = table_.columns[column];
    const double claimed = static_cast<double>(rows_) * static_cast<double>(run_schema::rowBytes(what));
    if (claimed > 1032.0 * static_cast<double>(H5Dget_storage_size(datasets_[column].get())))
        throw Failure(what.path, 0, "claims more rows than the file holds");
}

// The count first: the columns were flushed before it, so that they are seen to reach at least that far.
void TableReader::refresh() {
    check(H5Drefresh(rows_dataset_.get()), table_.name);
    std::int64_t published = 0;
    check(H5Dread(rows_dataset_.get(), H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, &published), table_.name);
    if (published == rows_) return;
    readCount();
    for (std::size_t i = 0; i < datasets_.size(); ++i) {
        if (!isOpen(i)) continue;
        check(H5Drefresh(datasets_[i].get()), table_.columns[i].path);
        boundRows(i);
    }
}

void TableReader::requireInside(std::int64_t file_bytes) {
    file_bytes_ = file_bytes;
    for (std::size_t i = 0; i < datasets_.size(); ++i)
        if (isOpen(i)) requireColumnInside(i);
}

void TableReader::requireColumnInside(std::size_t column) const {
    if (rows_ == 0) return;
    const std::string& path = table_.columns[column].path;
    const Id properties = owned(H5Dget_create_plist(datasets_[column].get()), H5Pclose, path);
    hsize_t chunk[2] = {1, 1};
    check(H5Pget_chunk(properties.get(), 2, chunk), path);
    const hsize_t last[2] = {static_cast<hsize_t>(rows_ - 1) / chunk[0] * chunk[0], 0};
    unsigned filters = 0;
    haddr_t address = HADDR_UNDEF;
    hsize_t bytes = 0;
    check(H5Dget_chunk_info_by_coord(datasets_[column].get(), last, &filters, &address, &bytes), path);
    const hsize_t available = static_cast<hsize_t>(file_bytes_);
    if (address == HADDR_UNDEF || bytes > available || address > available - bytes)
        throw Failure(path, 0, "ends behind the end of the file, which is incomplete");
}

std::vector<char> TableReader::read(std::size_t column, std::int64_t first, std::int64_t count) {
    const Column& what = openColumn(column);
    const hid_t dataset = datasets_[column].get();
    std::vector<char> bytes(static_cast<std::size_t>(count) * run_schema::rowBytes(what));
    if (bytes.empty()) return bytes;
    const int rank = what.type == CellType::Float32Vector ? 2 : 1;
    const hsize_t start[2] = {static_cast<hsize_t>(first), 0};
    const hsize_t extent[2] = {static_cast<hsize_t>(count), static_cast<hsize_t>(what.width)};
    const Id file_space = owned(H5Dget_space(dataset), H5Sclose, what.path);
    check(H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, start, nullptr, extent, nullptr), what.path);
    const Id memory_space = owned(H5Screate_simple(rank, extent, nullptr), H5Sclose, what.path);
    const Id type = run_schema::memoryType(what);
    check(H5Dread(dataset, type.get(), memory_space.get(), file_space.get(), H5P_DEFAULT, bytes.data()), what.path);
    return bytes;
}

}  // namespace fm
