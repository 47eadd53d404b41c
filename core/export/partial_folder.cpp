#include "core/export/partial_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <random>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/file_lock.h"
#include "core/base/regular_file.h"
#include "core/base/temporary_file.h"

namespace fm {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMarkerName = ".flashmorph-export";
constexpr const char* kMarkerText = "FlashMorph Workbench fills this folder and renames it when it is complete.\n";

std::string randomName() {
    std::random_device source;
    char text[17];
    std::snprintf(text, sizeof text, "%08x%08x", source(), source());
    return text;
}

fs::path parentOf(const std::string& path) {
    const fs::path parent = fs::path(path).parent_path();
    return parent.empty() ? fs::path(".") : parent;
}

std::string makeUniqueFolder(const fs::path& parent, const std::string& name) {
    constexpr std::size_t longest_name = 200;  // leaves room for what is added; file systems end names at 255 bytes
    std::string start(".");
    start.append(name, 0, longest_name).append(".");
    for (;;) {
        const fs::path folder = parent / (start + randomName() + ".partial");
        if (::mkdir(folder.c_str(), 0777) == 0) return folder.string();
        if (errno != EEXIST) throw WorldError(fileErrorText(folder.string(), "creating the folder", errno));
    }
}

// The new marker's descriptor, locked; -1 with errno when it cannot be written.
int makeMarker(const fs::path& folder) {
    const int fd = ::open((folder / kMarkerName).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) return -1;
    lockFile(fd);
    // The text comes after the lock: a marker without it belongs to nobody, so nobody removes the folder.
    const std::string_view text = kMarkerText;
    if (::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size())) return fd;
    const int error_number = errno;
    ::close(fd);
    errno = error_number;
    return -1;
}

// The marker's descriptor, locked; -1 when the folder is not ours or is in work.
int takeAbandoned(const fs::path& folder) {
    const std::string marker = (folder / kMarkerName).string();
    const int fd = ::open(marker.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return -1;
    bool ours = lockFile(fd) == LockResult::Taken;
    try {
        ours = ours && readRegularFile(marker, 200) == kMarkerText;
    } catch (const WorldError&) {
        ours = false;
    }
    if (ours) return fd;
    ::close(fd);
    return -1;
}

// What killed processes have left in `parent`.
void removeAbandoned(const fs::path& parent) {
    std::error_code ignored;  // what cannot be listed or removed disturbs nobody
    for (const fs::directory_entry& entry : fs::directory_iterator(parent, ignored)) {
        const std::string name = entry.path().filename().string();
        const bool named_so = name.starts_with(".") && name.ends_with(".partial");
        if (!named_so || entry.is_symlink(ignored) || !entry.is_directory(ignored)) continue;
        const int fd = takeAbandoned(entry.path());
        if (fd < 0) continue;
        fs::remove_all(entry.path(), ignored);
        ::close(fd);
    }
}

}  // namespace

PartialFolder::PartialFolder(std::string path) : path_(std::move(path)) {
    while (path_.size() > 1 && path_.back() == '/') path_.pop_back();
    const fs::path parent = parentOf(path_);
    makeFolders(parent.string());
    removeAbandoned(parent);
    partial_ = makeUniqueFolder(parent, fs::path(path_).filename().string());
    marker_fd_ = makeMarker(partial_);
    if (marker_fd_ >= 0) return;
    const int error_number = errno;
    std::error_code ignored;
    fs::remove_all(partial_, ignored);
    throw WorldError(fileErrorText(path_, "writing", error_number));
}

PartialFolder::~PartialFolder() {
    std::error_code ignored;  // a leftover is removed by the next export into the same parent
    if (!done_) fs::remove_all(partial_, ignored);
    ::close(marker_fd_);
}

void PartialFolder::commit() {
    const int error_number = renameToFreeName(partial_, path_);
    if (error_number == EEXIST) {
        throw WorldError(path_ + ": has appeared during the export, and nothing was replaced; choose another folder");
    }
    if (error_number != 0) throw WorldError(fileErrorText(path_, "renaming the finished export", error_number));
    done_ = true;
    ::unlink((fs::path(path_) / kMarkerName).c_str());
    syncFolderOf((fs::path(path_) / kMarkerName).string());
    syncFolderOf(path_);
}

}  // namespace fm
