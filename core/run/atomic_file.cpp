#include "core/run/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "core/run/error.h"

namespace fm {

static const char* writeRemedy(int error_number) {
    switch (error_number) {
        case ENOSPC:
        case EDQUOT:
            return "free some space or choose another folder, then try again";
        case EFBIG:
            return "the file size limit is reached: raise it (ulimit -f) or choose another file system";
        case EACCES:
        case EPERM:
        case EROFS:
            return "choose a folder that you may write to";
        case ENOENT:
        case ENOTDIR:
            return "create the folder first";
        case EISDIR:
            return "choose a file name that is not a folder";
        case ENAMETOOLONG:
            return "choose a shorter name";
        default:
            return "check the disk, then try again";
    }
}

static const char* readRemedy(int error_number) {
    switch (error_number) {
        case ENOENT:
        case ENOTDIR:
            return "check the path, or put the file back";
        case EACCES:
        case EPERM:
            return "make it readable for your user";
        case EISDIR:
            return "give a file, not a folder";
        case ENAMETOOLONG:
            return "give a shorter path";
        default:
            return "check the disk, then try again";
    }
}

static std::string errorText(const std::string& path, const std::string& doing, int error_number, const char* remedy) {
    return path + ": " + doing + " failed: " + std::strerror(error_number) + "; " + remedy;
}

std::string fileErrorText(const std::string& path, const std::string& doing, int error_number) {
    return errorText(path, doing, error_number, writeRemedy(error_number));
}

std::string readErrorText(const std::string& path, const std::string& doing, int error_number) {
    return errorText(path, doing, error_number, readRemedy(error_number));
}

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)), temporary_(path_ + ".tmp") {
    fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd_ < 0) throw WorldError(fileErrorText(path_, "creating", errno));
}

AtomicFile::~AtomicFile() {
    if (fd_ < 0) return;
    ::close(fd_);
    ::unlink(temporary_.c_str());
}

void AtomicFile::fail(const char* doing) {
    const int error_number = errno;
    ::close(std::exchange(fd_, -1));
    ::unlink(temporary_.c_str());
    throw WorldError(fileErrorText(path_, doing, error_number));
}

void AtomicFile::write(const void* data, std::size_t bytes) {
    assert(fd_ >= 0);
    const char* next = static_cast<const char*>(data);
    while (bytes > 0) {
        const ssize_t written = ::write(fd_, next, bytes);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail("writing");
        next += written;
        bytes -= static_cast<std::size_t>(written);
    }
}

void AtomicFile::commit() {
    assert(fd_ >= 0);
    if (::fsync(fd_) != 0) fail("writing");
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail("renaming the finished file");
    const int close_result = ::close(std::exchange(fd_, -1));
    if (close_result != 0) throw WorldError(fileErrorText(path_, "closing", errno));
    syncFolderOf(path_);
}

void syncFolderOf(const std::string& path) {
    const std::size_t slash = path.find_last_of('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const int folder_fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd < 0) return;  // a folder may be writable and yet not readable; the rename itself has succeeded
    ::fsync(folder_fd);
    ::close(folder_fd);
}

void writeFileAtomically(const std::string& path, std::string_view content) {
    AtomicFile file(path);
    file.write(content);
    file.commit();
}

}  // namespace fm
