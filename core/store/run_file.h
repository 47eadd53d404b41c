// The HDF5 half of the run writer: one file being written. Private to core/store; no threads, no buffering policy.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/temporary_file.h"
#include "core/run/event.h"
#include "core/store/h5.h"
#include "core/store/table_file.h"
#include "core/store/writer_lock.h"

namespace fm {

// Every failure is a WorldError naming the path and what to do. One thread at a time.
class RunFile {
public:
    // Creates a temporary file with everything a run file ever holds. startWriting() renames it to `path`, so that
    // nobody finds a file without its datasets. A file that stands there is refused, or replaced where `old` is its
    // lock, which is needed until startWriting() has returned; from then on the new file has its own.
    explicit RunFile(const std::string& path, const RunOpened& header, const WriterLock* old = nullptr);
    ~RunFile();  // closes; without startWriting() nothing is left
    RunFile(const RunFile&) = delete;
    RunFile& operator=(const RunFile&) = delete;

    // Between creation and startWriting(): rows of an earlier file, in portions.
    void copyRows(std::size_t table, std::size_t column, const std::vector<char>& bytes);
    void startWriting();

    void append(std::size_t table, const Row& row);
    std::int64_t pendingRows() const;
    void dropPending();
    void flush();
    void setStatus(RunState state);
    void close();  // last; sync to the disk. WorldError also when the file was deleted or replaced meanwhile

    const std::string& path() const { return path_; }

private:
    template <class Call>
    void guarded(const Call& call);
    void create(const RunOpened& header);
    void requireSpace() const;

    std::string path_;
    h5::Id file_;
    std::vector<TableFile> tables_;
    const WriterLock* old_;
    std::unique_ptr<TemporaryFile> disk_file_;  // locked until this object closes
    bool broken_ = false;  // a write inside HDF5 has failed: closing the file would fail too, then crash
};

}  // namespace fm
