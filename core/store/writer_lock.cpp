#include "core/store/writer_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "core/run/atomic_file.h"
#include "core/run/error.h"

namespace fm {

static struct flock farByte() {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = static_cast<off_t>(1) << 62;
    lock.l_len = 1;
    return lock;
}

WriterLock::WriterLock(const std::string& path) : fd_(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {
    if (fd_ < 0) throw WorldError(fileErrorText(path, "opening", errno));
    struct flock lock = farByte();
    // Where a file system knows no locks the run is written all the same; it then shows as interrupted while it runs.
    ::fcntl(fd_, F_OFD_SETLK, &lock);
}

WriterLock::~WriterLock() { ::close(fd_); }

void WriterLock::sync() { ::fsync(fd_); }

bool hasLiveWriter(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    struct flock lock = farByte();
    const bool known = ::fcntl(fd, F_OFD_GETLK, &lock) == 0;
    ::close(fd);
    return known && lock.l_type != F_UNLCK;
}

}  // namespace fm
