// Files and folders in the making: beside their target, under a name that nobody else has, locked while they are made.
#pragma once

#include <string>

namespace fm {

// Every failure is a WorldError naming the target and what to do. Thread: one at a time.
class TemporaryFile {
public:
    explicit TemporaryFile(std::string target);  // creates "<target>.<process>-<8 hex>.tmp"
    ~TemporaryFile();                            // removes it, unless it has become the target
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    const std::string& path() const { return path_; }  // the target, once it is that
    int fd() const { return fd_; }

    // The content reaches the disk first and the name after it: a power cut leaves the old file or the new one.
    // The lock stays until this object goes.
    void replaceTarget();
    void becomeTarget();  // the same where nothing stands yet; refuses to replace

    void sync();                  // everything written so far survives a power cut
    void requireInPlace() const;  // once it is the target: that it was not deleted or replaced since

private:
    void renamed();

    std::string target_;
    std::string path_;
    int fd_ = -1;
    bool done_ = false;
};

// A folder in the making, "<target>.<process>-<8 hex>.tmp". Whoever fills it renames it. Thread: one at a time.
class TemporaryFolder {
public:
    explicit TemporaryFolder(const std::string& target);  // WorldError
    ~TemporaryFolder();                                   // removes what is still there
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::string& path() const { return path_; }

private:
    std::string path_;
    int fd_ = -1;
};

// 0, or the error number; EEXIST when anything is at `to`, also an empty folder. Asks the file system not to replace;
// where that is not known, the next best.
int renameToFreeName(const std::string& from, const std::string& to);

// Removes what killed processes have left of the two in `folder`: what has such a name and nobody's lock. Never throws.
void removeLeftovers(const std::string& folder);

}  // namespace fm
