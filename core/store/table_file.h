// One table being written: rows are buffered, then all columns grow together. Private to core/store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/run/table.h"
#include "core/store/h5.h"

namespace fm {

// Use inside an h5::Session. Throws h5::Failure.
class TableFile {
public:
    TableFile(hid_t file, const Table& table, int index);  // creates the datasets; before SWMR writing starts

    void push(const Row& row);  // to memory only; FormatError when the row does not fit
    // Raw rows of one column, as RunReader hands them out; every column must be given the same number.
    void pushRaw(std::size_t column, const std::vector<char>& bytes);

    std::int64_t pendingRows() const { return pending_rows_; }
    std::int64_t rows() const { return rows_; }  // written, without the pending ones
    std::size_t bytesNeeded() const;             // at most, on disk, for the pending rows
    void dropPending();
    void abandon();  // forgets the open datasets without closing them

    // In this order, with a flush of the file between them: a reader counts the rows, and may only count what is there.
    void writePending();
    void publishRows();

private:
    struct ColumnFile {
        Column column;
        h5::Id dataset;
        h5::Id memory_type;
        std::vector<char> pending;
    };
    void writeColumn(ColumnFile& column);

    Table table_;
    std::vector<ColumnFile> columns_;
    h5::Id rows_dataset_;
    std::int64_t rows_ = 0;
    std::int64_t pending_rows_ = 0;
};

}  // namespace fm
