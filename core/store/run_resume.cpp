#include "core/store/run_resume.h"

#include "core/store/run_reader.h"
#include "core/store/run_schema.h"

namespace fm {

static std::int64_t rowsToKeep(const std::map<std::string, std::int64_t>& rows_to_keep, const std::string& table,
                               std::int64_t all) {
    const auto found = rows_to_keep.find(table);
    return found == rows_to_keep.end() ? all : found->second;
}

void checkResumable(const std::string& path, const std::map<std::string, std::int64_t>& rows_to_keep) {
    const RunReader reader(path);
    for (const auto& [name, rows] : rows_to_keep) {
        const std::optional<int> table = reader.findTable(name);
        if (!table) throw FormatError(path + ": has no table " + name);
        if (rows < 0 || rows > reader.rows(*table))
            throw FormatError(path + ": table " + name + " holds " + std::to_string(reader.rows(*table)) +
                              " rows, not " + std::to_string(rows));
    }
}

std::unique_ptr<RunFile> openResumed(const WriterLock& lock, const RunOpened& header,
                                     const std::map<std::string, std::int64_t>& rows_to_keep) {
    const std::string& path = lock.path();
    const RunReader reader(path);
    const RunOpened& old = reader.header();
    if (old.run_id != header.run_id) throw WorldError(path + ": belongs to run " + old.run_id + "; start a new run");
    if (!sameTables(old.tables, header.tables))
        throw WorldError(path + ": records other columns than this version of the job; start a new run");
    auto file = std::make_unique<RunFile>(path, header, &lock);
    const std::vector<Table> tables = run_schema::storedTables(old.tables);
    for (std::size_t t = 0; t < tables.size(); ++t) {
        const std::int64_t rows = rowsToKeep(rows_to_keep, tables[t].name, reader.rows(static_cast<int>(t)));
        for (std::size_t c = 0; c < tables[t].columns.size(); ++c)
            file->copyRows(t, c, reader.readRaw(static_cast<int>(t), static_cast<int>(c), rows));
    }
    return file;
}

}  // namespace fm
