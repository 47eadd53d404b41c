#include "core/base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace fm {

static struct flock farByte() {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = static_cast<off_t>(1) << 62;
    lock.l_len = 1;
    return lock;
}

static LockResult resultOf(int returned) {
    if (returned == 0) return LockResult::Taken;
    return errno == EAGAIN || errno == EACCES ? LockResult::Busy : LockResult::Unknown;
}

LockResult lockFile(int fd) {
    struct flock lock = farByte();
    return resultOf(::fcntl(fd, F_OFD_SETLK, &lock));
}

LockResult lockFolder(int fd) { return resultOf(::flock(fd, LOCK_EX | LOCK_NB)); }

bool isLockedFile(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    struct flock lock = farByte();
    const bool known = ::fcntl(fd, F_OFD_GETLK, &lock) == 0;
    ::close(fd);
    return known && lock.l_type != F_UNLCK;
}

bool leadsTo(const std::string& path, int fd) {
    struct stat named {
    }, open{};
    return ::stat(path.c_str(), &named) == 0 && ::fstat(fd, &open) == 0 && named.st_dev == open.st_dev &&
           named.st_ino == open.st_ino;
}

}  // namespace fm
