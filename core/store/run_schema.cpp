#include "core/store/run_schema.h"

#include <algorithm>
#include <set>

#include "core/run/run_id.h"
#include "core/store/event_tables.h"

namespace fm::run_schema {

std::vector<Table> storedTables(const std::vector<Table>& tables) { return withEventTables(tables, event_text_bytes); }

bool isEventTable(const std::string& table) { return table == kLogTable || table == kStateTable; }

static bool isNameChar(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }
static bool isName(const std::string& name) {
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), isNameChar);
}

// Printable ASCII without spaces; components neither empty nor "." nor "..".
static bool isColumnPath(const std::string& path) {
    if (path.empty() || path.size() > 200) return false;
    for (char c : path)
        if (c <= ' ' || c > '~') return false;
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string part = path.substr(begin, end - begin);
        if (part.empty() || part == "." || part == "..") return false;
        begin = end + 1;
    }
    return path.rfind("tables/", 0) != 0 && path.rfind("events/", 0) != 0 && path != "tables" && path != "events";
}

static void checkColumn(const Column& column) {
    constexpr int largest_width = 1 << 20;
    if (!isColumnPath(column.path)) throw FormatError(column.path + ": is not a possible column path");
    if (column.width < 1 || column.width > largest_width)
        throw FormatError(column.path + ": width " + std::to_string(column.width) + " is not from 1 to 1048576");
    if (column.unit.size() > 64 || column.help.size() > 4096)
        throw FormatError(column.path + ": unit or help is too long");
}

// A path that is also a folder of another path cannot be a dataset.
static void checkPaths(const std::vector<std::string>& sorted_paths) {
    for (std::size_t i = 1; i < sorted_paths.size(); ++i)
        if (sorted_paths[i] == sorted_paths[i - 1]) throw FormatError(sorted_paths[i] + ": is there twice");
    const std::set<std::string> paths(sorted_paths.begin(), sorted_paths.end());
    for (const std::string& path : sorted_paths)
        for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
            if (paths.count(path.substr(0, slash))) throw FormatError(path.substr(0, slash) + ": is column and folder");
}

void checkHeader(const RunOpened& header) {
    constexpr std::size_t most_tables = 64;
    constexpr std::size_t most_columns = 4096;
    constexpr std::size_t attribute_bytes = 60'000;  // an attribute of an HDF5 object header must stay below 64 KiB
    if (!isRunId(header.run_id)) throw FormatError("run_id: is not a run id");
    for (const std::string* text :
         {&header.job, &header.spec_json, &header.software, &header.device, &header.teacher_hash, &header.chat_family})
        if (text->size() > attribute_bytes) throw FormatError("run header: a text is longer than 60000 bytes");
    std::size_t widest_parent = 1;
    for (const std::string& parent : header.parents) widest_parent = std::max(widest_parent, parent.size());
    if (header.parents.size() > attribute_bytes / widest_parent) throw FormatError("parents: list is too long");
    if (header.tables.size() > most_tables) throw FormatError("tables: more than 64");
    std::set<std::string> names;
    std::vector<std::string> paths;
    for (const Table& table : header.tables) {
        if (!isName(table.name) || isEventTable(table.name) || !names.insert(table.name).second)
            throw FormatError("tables: \"" + table.name + "\" is not a possible name, or is there twice");
        if (table.columns.empty()) throw FormatError("tables: " + table.name + " has no columns");
        for (const Column& column : table.columns) {
            checkColumn(column);
            paths.push_back(column.path);
        }
    }
    if (paths.size() > most_columns) throw FormatError("tables: more than 4096 columns");
    std::sort(paths.begin(), paths.end());
    checkPaths(paths);
}

std::size_t rowBytes(const Column& column) {
    switch (column.type) {
        case CellType::Int64:
        case CellType::Float64:
            return 8;
        case CellType::Float32Vector:
            return 4 * static_cast<std::size_t>(column.width);
        case CellType::Text:
            return static_cast<std::size_t>(column.width);
    }
    return 0;
}

h5::Id memoryType(const Column& column) {
    switch (column.type) {
        case CellType::Int64:
            return h5::owned(H5Tcopy(H5T_NATIVE_INT64), H5Tclose, column.path);
        case CellType::Float64:
            return h5::owned(H5Tcopy(H5T_NATIVE_DOUBLE), H5Tclose, column.path);
        case CellType::Float32Vector:
            return h5::owned(H5Tcopy(H5T_NATIVE_FLOAT), H5Tclose, column.path);
        case CellType::Text:
            return h5::textType(static_cast<std::size_t>(column.width));
    }
    return {};
}

// 1024 scalars, at most 64 KiB: every flush rewrites a chunk that is not full yet.
std::size_t chunkRows(const Column& column) {
    constexpr std::size_t chunk_bytes = 64 * 1024;
    return std::clamp<std::size_t>(chunk_bytes / rowBytes(column), 1, 1024);
}

}  // namespace fm::run_schema
