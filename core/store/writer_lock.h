// One program at a time works on a run: who goes on with a run takes its lock before anything of the run is read.
#pragma once

#include <string>

namespace fm {

// The lock of a run file that is there, held as long as this object lives. It is on the file itself, so that nothing
// else lies in the folder; a new file in its place has the lock of its own writer (core/base/temporary_file.h).
// Where the file system has no locks, every program gets one. Thread: one at a time.
class WriterLock {
public:
    // Does not wait. WorldError when another program writes the run, or the file cannot be opened. Not explicit, so
    // that RunWriter::resume(path, ...) takes the lock there and then.
    WriterLock(std::string path);
    ~WriterLock();
    WriterLock(WriterLock&& other) noexcept;
    WriterLock& operator=(WriterLock&&) = delete;

    const std::string& path() const { return path_; }
    // WorldError when the file was deleted or replaced since: by hand, or where there are no locks by another program.
    void requireSameFile() const;

private:
    std::string path_;
    int fd_ = -1;
};

bool hasLiveWriter(const std::string& path);

}  // namespace fm
