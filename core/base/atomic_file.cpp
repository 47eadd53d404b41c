#include "core/base/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/error.h"

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

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)), file_(path_) {}

void AtomicFile::write(const void* data, std::size_t bytes) {
    const char* next = static_cast<const char*>(data);
    while (bytes > 0) {
        const ssize_t written = ::write(file_.fd(), next, bytes);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) throw WorldError(fileErrorText(path_, "writing", errno));
        next += written;
        bytes -= static_cast<std::size_t>(written);
    }
}

void AtomicFile::commit() { file_.replaceTarget(); }

void syncFolderOf(const std::string& path) {
    const std::size_t slash = path.find_last_of('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const int folder_fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd < 0) return;  // a folder may be writable and yet not readable; the rename itself has succeeded
    ::fsync(folder_fd);
    ::close(folder_fd);
}

static bool isFolder(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

void makeFolders(const std::string& folder) {
    std::string path = folder;
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    if (isFolder(path)) return;
    if (const std::size_t slash = path.find_last_of('/'); slash != path.npos && slash > 0)
        makeFolders(path.substr(0, slash));
    if (::mkdir(path.c_str(), 0777) != 0 && !isFolder(path))  // another process may have been faster
        throw WorldError(fileErrorText(path, "creating the folder", errno));
    syncFolderOf(path);
}

void writeFileAtomically(const std::string& path, std::string_view content) {
    AtomicFile file(path);
    file.write(content);
    file.commit();
}

}  // namespace fm
