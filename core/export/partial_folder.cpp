#include "core/export/partial_folder.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "core/run/atomic_file.h"
#include "core/run/error.h"

namespace fm {

namespace fs = std::filesystem;

PartialFolder::PartialFolder(std::string path) : path_(std::move(path)) {
    while (path_.size() > 1 && path_.back() == '/') path_.pop_back();
    partial_ = path_ + ".partial";
    std::error_code error;
    fs::remove_all(partial_, error);
    if (!error) fs::create_directories(partial_, error);
    if (error) throw WorldError(fileErrorText(partial_, "creating the folder", error.value()));
}

PartialFolder::~PartialFolder() {
    std::error_code ignored;  // a leftover is removed by the next attempt
    if (!done_) fs::remove_all(partial_, ignored);
}

void PartialFolder::commit() {
    // A rename would replace an empty folder that somebody else has made meanwhile.
    if (fs::exists(path_)) throw WorldError(path_ + ": has appeared during the export; choose another folder");
    if (std::rename(partial_.c_str(), path_.c_str()) != 0) {
        throw WorldError(fileErrorText(path_, "renaming the finished export", errno));
    }
    done_ = true;
    syncFolderOf(path_);
}

}  // namespace fm
