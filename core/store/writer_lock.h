// Says whether a process is still writing a run file, also after that process was killed.
#pragma once

#include <string>

namespace fm {

// An open-file-description lock on one byte far behind the data: the kernel drops it with the process, it survives a
// rename of the file, and HDF5's own locks (flock) do not see it.
class WriterLock {
public:
    explicit WriterLock(const std::string& path);  // WorldError when the file cannot be opened
    ~WriterLock();
    WriterLock(const WriterLock&) = delete;
    WriterLock& operator=(const WriterLock&) = delete;

    void sync();  // everything written to the file so far survives a power cut

private:
    int fd_ = -1;
};

bool hasLiveWriter(const std::string& path);

}  // namespace fm
