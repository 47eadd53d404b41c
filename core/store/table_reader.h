// One table of an open run file. Private to core/store. Use inside an h5::Session; throws h5::Failure, FormatError.
#pragma once

#include <cstdint>
#include <vector>

#include "core/run/table.h"
#include "core/store/h5.h"

namespace fm {

class TableReader {
public:
    // `group` is a member of /tables. Of its columns only the paths are known until they are opened.
    TableReader(hid_t file, const std::string& group);

    const Table& table() const { return table_; }
    int index() const { return index_; }
    std::int64_t rows() const { return rows_; }  // the published count, or less where an open column is shorter

    // Checks the dataset of a column, which then has its type, unit and help. Does nothing when it is open.
    const Column& openColumn(std::size_t column);
    void openColumns();

    // For a file that a process is writing, or was killed while writing.
    void refresh();
    // A truncated copy of such a file reads as zeros behind its end: refuses it, also in columns opened later.
    void requireInside(std::int64_t file_bytes);

    // rows [first, first + count) of one column as they are in memory: int64, double, float x width, text bytes.
    std::vector<char> read(std::size_t column, std::int64_t first, std::int64_t count);

private:
    bool isOpen(std::size_t column) const { return datasets_[column].get() >= 0; }
    void readCount();
    void boundRows(std::size_t column);
    void requireColumnInside(std::size_t column) const;

    hid_t file_;
    Table table_;
    int index_ = 0;
    std::int64_t rows_ = 0;
    std::int64_t file_bytes_ = -1;  // < 0: not checked
    h5::Id rows_dataset_;
    std::vector<h5::Id> datasets_;  // by column
};

}  // namespace fm
