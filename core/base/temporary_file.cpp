#include "core/base/temporary_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/file_lock.h"

namespace fm {

namespace fs = std::filesystem;

static constexpr int most_attempts = 100;

static std::string uniqueName(const std::string& target) {
    char tail[48];
    std::snprintf(tail, sizeof tail, ".%ld-%08x.tmp", static_cast<long>(::getpid()), std::random_device{}());
    return target + tail;
}

// Whether uniqueName() may have made it. Nothing else is ever removed.
static bool isUniqueName(std::string_view name) {
    constexpr std::string_view end = ".tmp", hex = "0123456789abcdef", digits = "0123456789";
    constexpr std::size_t hex_chars = 8;
    if (!name.ends_with(end)) return false;
    name.remove_suffix(end.size());
    const std::size_t dash = name.rfind('-'), dot = name.rfind('.');
    if (dash == name.npos || dot == name.npos || dot == 0 || dot + 1 >= dash || name.size() != dash + 1 + hex_chars)
        return false;
    return name.substr(dash + 1).find_first_not_of(hex) == name.npos &&
           name.substr(dot + 1, dash - dot - 1).find_first_not_of(digits) == name.npos;
}

// removeLeftovers() of another process may have come between the creation and the lock; then the name is gone.
static bool isMine(const std::string& path, int fd, LockResult lock) {
    return lock != LockResult::Busy && leadsTo(path, fd);
}

TemporaryFile::TemporaryFile(std::string target) : target_(std::move(target)) {
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        path_ = uniqueName(target_);
        fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd_ < 0 && errno == EEXIST) continue;
        if (fd_ < 0) throw WorldError(fileErrorText(target_, "creating", errno));
        if (isMine(path_, fd_, lockFile(fd_))) return;
        ::close(fd_);
    }
    throw WorldError(fileErrorText(target_, "creating", EEXIST));
}

TemporaryFile::~TemporaryFile() {
    if (!done_) ::unlink(path_.c_str());
    ::close(fd_);
}

void TemporaryFile::sync() {
    if (::fsync(fd_) != 0) throw WorldError(fileErrorText(target_, "writing", errno));
}

void TemporaryFile::requireInPlace() const {
    if (leadsTo(path_, fd_)) return;
    throw WorldError(path_ +
                     ": was deleted or replaced while it was written, so its content is lost; leave the folder "
                     "of a running job alone, and start the job again");
}

void TemporaryFile::replaceTarget() {
    sync();
    if (::rename(path_.c_str(), target_.c_str()) != 0)
        throw WorldError(fileErrorText(target_, "renaming the finished file", errno));
    renamed();
}

// A folder's name is taken with an empty folder first, which a rename may replace.
static int renameFolderToFreeName(const char* from, const char* to) {
    if (::mkdir(to, 0777) != 0) return errno;
    if (::rename(from, to) == 0) return 0;
    const int error_number = errno;
    ::rmdir(to);
    return error_number == ENOTEMPTY ? EEXIST : error_number;  // somebody has filled the empty folder meanwhile
}

int renameToFreeName(const std::string& from, const std::string& to) {
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return errno;
    std::error_code ignored;
    if (fs::is_directory(from, ignored)) return renameFolderToFreeName(from.c_str(), to.c_str());
    // The moment between the question and the rename stays.
    if (::access(to.c_str(), F_OK) == 0) return EEXIST;
    return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

void TemporaryFile::becomeTarget() {
    sync();
    const int error_number = renameToFreeName(path_, target_);
    if (error_number == EEXIST) throw WorldError(target_ + ": exists already; choose another name or resume it");
    if (error_number != 0) throw WorldError(fileErrorText(target_, "renaming the finished file", error_number));
    renamed();
}

void TemporaryFile::renamed() {
    done_ = true;
    path_ = target_;
    syncFolderOf(target_);
}

TemporaryFolder::TemporaryFolder(const std::string& target) {
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        path_ = uniqueName(target);
        if (::mkdir(path_.c_str(), 0777) != 0) {
            if (errno == EEXIST) continue;
            throw WorldError(fileErrorText(path_, "creating the folder", errno));
        }
        fd_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd_ >= 0 && isMine(path_, fd_, lockFolder(fd_))) return;
        if (fd_ >= 0) ::close(fd_);
    }
    throw WorldError(fileErrorText(target, "creating the folder", EEXIST));
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;  // the next job tries again
    fs::remove_all(path_, ignored);
    ::close(fd_);
}

static void removeLeftover(const fs::path& path) {
    std::error_code ignored;  // what cannot be removed disturbs nobody
    const bool folder = fs::is_directory(fs::symlink_status(path, ignored));
    const int flags = folder ? O_RDONLY | O_DIRECTORY : O_RDWR | O_NONBLOCK;
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return;
    const LockResult lock = folder ? lockFolder(fd) : lockFile(fd);
    if (lock == LockResult::Taken) fs::remove_all(path, ignored);
    ::close(fd);
}

void removeLeftovers(const std::string& folder) {
    std::error_code ignored;
    std::vector<fs::path> left;
    for (fs::directory_iterator entry(folder, ignored), end; !ignored && entry != end; entry.increment(ignored))
        if (isUniqueName(entry->path().filename().string())) left.push_back(entry->path());
    std::for_each(left.begin(), left.end(), removeLeftover);
}

}  // namespace fm
