// Files that are either complete or not there: written to "<path>.tmp", synced, renamed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fm {

// Every failure is a WorldError naming the path and what to do; the target keeps its old content, and the temporary
// file is removed. Thread: one at a time; one writer per path.
class AtomicFile {
public:
    explicit AtomicFile(std::string path);
    ~AtomicFile();  // without commit(): nothing has happened
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;

    void write(const void* data, std::size_t bytes);
    void write(std::string_view text) { write(text.data(), text.size()); }
    void commit();  // once, last

private:
    [[noreturn]] void fail(const char* doing);

    std::string path_;
    std::string temporary_;
    int fd_ = -1;
};

void writeFileAtomically(const std::string& path, std::string_view content);

// One sentence for a failed file operation: path, what was being done, the cause, and what to do about it.
std::string fileErrorText(const std::string& path, const std::string& doing, int error_number);
// The same of what only reads: a missing file is another matter than a missing folder to write into.
std::string readErrorText(const std::string& path, const std::string& doing, int error_number);

// Makes a rename inside `path`'s folder survive a power cut.
void syncFolderOf(const std::string& path);

}  // namespace fm
