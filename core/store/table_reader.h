// One table of an open run file. Private to core/store. Use inside an h5::Session; throws h5::Failure, FormatError.
#pragma once

#include <cstdint>
#include <vector>

#include "core/run/table.h"
#include "core/store/h5.h"

namespace fm {

class TableReader {
public:
    // `group` is a member of /tables. Checks every dataset that the list of columns names.
    TableReader(hid_t file, const std::string& group);

    const Table& table() const { return table_; }
    int index() const { return index_; }
    std::int64_t rows() const { return rows_; }

    // For a file that a process is writing, or was killed while writing.
    void refresh();
    // A truncated copy of such a file reads as zeros behind its end: refuses it.
    void requireInside(std::int64_t file_bytes) const;

    // rows [first, first + count) of one column as they are in memory: int64, double, float x width, text bytes.
    std::vector<char> read(std::size_t column, std::int64_t first, std::int64_t count) const;

private:
    Column openColumn(hid_t file, const std::string& path);
    void countRows();

    Table table_;
    int index_ = 0;
    std::int64_t rows_ = 0;
    h5::Id rows_dataset_;
    std::vector<h5::Id> datasets_;
};

}  // namespace fm
