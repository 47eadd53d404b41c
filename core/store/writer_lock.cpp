#include "core/store/writer_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/file_lock.h"

namespace fm {

// A file that another program replaces between the opening and the locking is opened again: its lock says nothing.
WriterLock::WriterLock(std::string path) : path_(std::move(path)) {
    constexpr int most_attempts = 100;
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        fd_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
        if (fd_ < 0) throw WorldError(fileErrorText(path_, "opening", errno));
        const LockResult result = lockFile(fd_);
        if (result != LockResult::Busy && leadsTo(path_, fd_)) return;
        ::close(std::exchange(fd_, -1));
        if (result == LockResult::Busy) break;
    }
    throw WorldError(path_ + ": is being written by another program; stop that job first");
}

WriterLock::WriterLock(WriterLock&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

WriterLock::~WriterLock() {
    if (fd_ >= 0) ::close(fd_);
}

void WriterLock::requireSameFile() const {
    if (leadsTo(path_, fd_)) return;
    throw WorldError(path_ +
                     ": was deleted or replaced by another program while this job began; see that nothing "
                     "else works on the run, then resume it again");
}

bool hasLiveWriter(const std::string& path) { return isLockedFile(path); }

}  // namespace fm
