// A library to preload: writes down every change that a process makes below one folder, in order, with the bytes.
// FM_FILE_LOG names the log, FM_FILE_LOG_ROOT the folder (absolute). tests/support/power_cut.h reads the log. What goes
// past these functions (mmap, sendfile, stdio of glibc itself) is not seen; the programs under test do not use that.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "tests/support/file_log.h"

namespace {

using filelog::Kind;

template <class F>
F next(const char* name, F) {
    return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}
#define NEXT(name) next(#name, &::name)

// Thread: everything behind `mutex`, which is held while the real call works, so that the log has the real order.
struct Log {
    std::recursive_mutex mutex;
    int fd = -1;
    std::string root;
    std::map<int, std::string> paths;  // of the descriptors that are open below the root

    Log() {
        const char* file = std::getenv("FM_FILE_LOG");
        const char* folder = std::getenv("FM_FILE_LOG_ROOT");
        if (file == nullptr || folder == nullptr) return;
        root = folder;
        fd = NEXT(open)(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    }
    void put(Kind kind, std::string_view text, std::string_view more = {}, long long number = 0) {
        const filelog::Head head{static_cast<std::uint32_t>(kind), static_cast<std::uint32_t>(text.size()),
                                 static_cast<std::uint64_t>(more.size()), number};
        std::string record(reinterpret_cast<const char*>(&head), sizeof head);
        record.append(text).append(more);
        if (NEXT(write)(fd, record.data(), record.size()) != static_cast<ssize_t>(record.size())) std::abort();
    }
    // "" outside of the root.
    std::string below(int folder, const char* path) {
        if (fd < 0 || path == nullptr) return {};
        std::filesystem::path whole = path;
        if (whole.is_relative()) {
            const auto known = paths.find(folder);
            if (folder != AT_FDCWD && known == paths.end()) return {};
            whole =
                (folder == AT_FDCWD ? std::filesystem::current_path() : std::filesystem::path(known->second)) / whole;
        }
        std::string text = whole.lexically_normal().string();
        while (text.size() > 1 && text.back() == '/') text.pop_back();
        return text == root || text.starts_with(root + "/") ? text : std::string();
    }
    std::string of(int file) const {
        const auto found = paths.find(file);
        return found == paths.end() ? std::string() : found->second;
    }
};

Log& log() {
    static Log* const log = new Log;  // descriptors are closed after static objects have gone
    return *log;
}

// `open_now` does the real work and returns a descriptor.
template <class Open>
int logOpen(int folder, const char* path, int flags, const Open& open_now) {
    Log& log = ::log();
    const std::lock_guard lock(log.mutex);
    const std::string name = log.below(folder, path);
    if (name.empty()) {
        const int elsewhere = open_now();
        log.paths.erase(elsewhere);
        return elsewhere;
    }
    struct stat before {};
    const bool was_there = ::lstat(name.c_str(), &before) == 0;
    const int fd = open_now();
    const int error = errno;
    if (fd >= 0) {
        log.paths[fd] = name;
        if (!was_there) log.put(Kind::Create, name);
        if (was_there && (flags & O_TRUNC)) log.put(Kind::Truncate, name, {}, 0);
    }
    errno = error;
    return fd;
}

// A file that was renamed while open keeps the name by which its content is told: descriptors follow the rename.
void renamed(Log& log, const std::string& from, const std::string& to) {
    for (auto& [fd, path] : log.paths) {
        if (path == to) path += " (replaced)";
        if (path == from) path = to;
        if (path.starts_with(from + "/")) path = to + path.substr(from.size());
    }
}

template <class Rename>
int logRename(int from_folder, const char* from, int to_folder, const char* to, const Rename& rename_now) {
    Log& log = ::log();
    const std::lock_guard lock(log.mutex);
    const std::string old_name = log.below(from_folder, from), name = log.below(to_folder, to);
    const int result = rename_now();
    if (result == 0 && !old_name.empty() && !name.empty()) {
        log.put(Kind::Rename, old_name, name);
        renamed(log, old_name, name);
    }
    return result;
}

template <class Call>
int logNamed(Kind kind, int folder, const char* path, const Call& call) {
    Log& log = ::log();
    const std::lock_guard lock(log.mutex);
    const std::string name = log.below(folder, path);
    const int result = call();
    if (result == 0 && !name.empty()) {
        log.put(kind, name);
        if (kind == Kind::Remove)
            for (auto& [fd, known] : log.paths)
                if (known == name) known += " (removed)";
    }
    return result;
}

template <class Call>
int logDescriptor(Kind kind, int fd, long long number, const Call& call) {
    Log& log = ::log();
    const std::lock_guard lock(log.mutex);
    const int result = call();
    if (const std::string name = log.of(fd); result == 0 && !name.empty()) log.put(kind, name, {}, number);
    return result;
}

template <class Call>
ssize_t logWrite(int fd, const void* data, long long offset, const Call& call) {
    Log& log = ::log();
    const std::lock_guard lock(log.mutex);
    const std::string name = log.of(fd);
    const long long at = offset >= 0 || name.empty() ? offset : ::lseek(fd, 0, SEEK_CUR);
    const ssize_t written = call();
    if (written > 0 && !name.empty())
        log.put(Kind::Write, name, {static_cast<const char*>(data), static_cast<std::size_t>(written)}, at);
    return written;
}

int modeOf(int flags, va_list arguments) { return (flags & (O_CREAT | O_TMPFILE)) ? va_arg(arguments, int) : 0; }

}  // namespace

extern "C" {

#define FM_OPEN(name)                                                                         \
    int name(const char* path, int flags, ...) {                                              \
        va_list arguments;                                                                    \
        va_start(arguments, flags);                                                           \
        const int mode = modeOf(flags, arguments);                                            \
        va_end(arguments);                                                                    \
        return logOpen(AT_FDCWD, path, flags, [&] { return NEXT(name)(path, flags, mode); }); \
    }
FM_OPEN(open)
FM_OPEN(open64)

#define FM_OPENAT(name)                                                                             \
    int name(int folder, const char* path, int flags, ...) {                                        \
        va_list arguments;                                                                          \
        va_start(arguments, flags);                                                                 \
        const int mode = modeOf(flags, arguments);                                                  \
        va_end(arguments);                                                                          \
        return logOpen(folder, path, flags, [&] { return NEXT(name)(folder, path, flags, mode); }); \
    }
FM_OPENAT(openat)
FM_OPENAT(openat64)

#define FM_FOPEN(name)                                                     \
    FILE* name(const char* path, const char* mode) {                       \
        FILE* file = nullptr;                                              \
        const int flags = std::strchr(mode, 'w') != nullptr ? O_TRUNC : 0; \
        logOpen(AT_FDCWD, path, flags, [&] {                               \
            file = NEXT(name)(path, mode);                                 \
            return file == nullptr ? -1 : fileno(file);                    \
        });                                                                \
        return file;                                                       \
    }
FM_FOPEN(fopen)
FM_FOPEN(fopen64)

int close(int fd) {
    Log& log = ::log();
    const std::lock_guard lock(log.mutex);
    log.paths.erase(fd);
    return NEXT(close)(fd);
}

int fclose(FILE* file) {
    Log& log = ::log();
    const std::lock_guard lock(log.mutex);
    log.paths.erase(fileno(file));
    return NEXT(fclose)(file);
}
int closedir(DIR* folder) {
    Log& log = ::log();
    const std::lock_guard lock(log.mutex);
    log.paths.erase(dirfd(folder));
    return NEXT(closedir)(folder);
}

ssize_t write(int fd, const void* data, size_t bytes) {
    return logWrite(fd, data, -1, [&] { return NEXT(write)(fd, data, bytes); });
}
ssize_t pwrite(int fd, const void* data, size_t bytes, off_t offset) {
    return logWrite(fd, data, offset, [&] { return NEXT(pwrite)(fd, data, bytes, offset); });
}
ssize_t pwrite64(int fd, const void* data, size_t bytes, off64_t offset) {
    return logWrite(fd, data, offset, [&] { return NEXT(pwrite64)(fd, data, bytes, offset); });
}
int ftruncate(int fd, off_t size) noexcept {
    return logDescriptor(Kind::Truncate, fd, size, [&] { return NEXT(ftruncate)(fd, size); });
}
int ftruncate64(int fd, off64_t size) noexcept {
    return logDescriptor(Kind::Truncate, fd, size, [&] { return NEXT(ftruncate64)(fd, size); });
}
int fsync(int fd) {
    return logDescriptor(Kind::Sync, fd, 0, [&] { return NEXT(fsync)(fd); });
}
int fdatasync(int fd) {
    return logDescriptor(Kind::Sync, fd, 0, [&] { return NEXT(fdatasync)(fd); });
}
int rename(const char* from, const char* to) noexcept {
    return logRename(AT_FDCWD, from, AT_FDCWD, to, [&] { return NEXT(rename)(from, to); });
}
int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
    return logRename(from_folder, from, to_folder, to,
                     [&] { return NEXT(renameat)(from_folder, from, to_folder, to); });
}
int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) noexcept {
    return logRename(from_folder, from, to_folder, to,
                     [&] { return NEXT(renameat2)(from_folder, from, to_folder, to, flags); });
}
int unlink(const char* path) noexcept {
    return logNamed(Kind::Remove, AT_FDCWD, path, [&] { return NEXT(unlink)(path); });
}
int unlinkat(int folder, const char* path, int flags) noexcept {
    return logNamed(Kind::Remove, folder, path, [&] { return NEXT(unlinkat)(folder, path, flags); });
}
int rmdir(const char* path) noexcept {
    return logNamed(Kind::Remove, AT_FDCWD, path, [&] { return NEXT(rmdir)(path); });
}
int remove(const char* path) noexcept {
    return logNamed(Kind::Remove, AT_FDCWD, path, [&] { return NEXT(remove)(path); });
}
int mkdir(const char* path, mode_t mode) noexcept {
    return logNamed(Kind::MakeFolder, AT_FDCWD, path, [&] { return NEXT(mkdir)(path, mode); });
}
int mkdirat(int folder, const char* path, mode_t mode) noexcept {
    return logNamed(Kind::MakeFolder, folder, path, [&] { return NEXT(mkdirat)(folder, path, mode); });
}

}  // extern "C"
