// Files that are either complete or not there: written under a temporary name, synced, renamed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/temporary_file.h"

namespace fm {

// Every failure is a WorldError naming the path and what to do; the target keeps its old content, and the temporary
// file is removed. Of two writers of one path the last to commit() wins. Thread: one at a time.
class AtomicFile {
public:
    explicit AtomicFile(std::string path);  // without commit(): nothing has happened

    void write(const void* data, std::size_t bytes);
    void write(std::string_view text) { write(text.data(), text.size()); }
    void commit();  // once, last

private:
    std::string path_;
    TemporaryFile file_;
};

void writeFileAtomically(const std::string& path, std::string_view content);

// One sentence for a failed file operation: path, what was being done, the cause, and what to do about it.
std::string fileErrorText(const std::string& path, const std::string& doing, int error_number);
// The same of what only reads: a missing file is another matter than a missing folder to write into.
std::string readErrorText(const std::string& path, const std::string& doing, int error_number);

// Makes a rename inside `path`'s folder survive a power cut.
void syncFolderOf(const std::string& path);

// Makes a folder and those above it, so that they survive a power cut; one that is there already is left alone.
void makeFolders(const std::string& folder);

}  // namespace fm
