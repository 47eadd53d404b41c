// The files of an export and what each must hold: listed with their hashes, so that none can change unseen.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace fm {

// One line a file, "<XXH3-128 in hex>  <name>": `xxhsum -c checksums.xxh128` checks the folder as well.
inline constexpr const char* kChecksumFile = "checksums.xxh128";

// Writes into one folder. Failures are WorldErrors naming the path. Thread: one at a time.
class ExportFiles {
public:
    explicit ExportFiles(std::string folder) : folder_(std::move(folder)) {}

    const std::string& folder() const { return folder_; }
    std::string path(const std::string& name) const;
    void write(const std::string& name, const std::string& content);
    void add(const std::string& name);  // a file that was written under path(name); its bytes count as they are now

    // Writes the list, then reads every file back from the folder. WorldError when one is not what was written.
    void close();

private:
    std::string folder_;
    std::map<std::string, std::string> hash_of_;  // by name
};

// What differs between a folder and its list, as sentences; empty when each listed file is there with the bytes that
// were exported, and each of `required` is listed. Files that the list does not name are the owner's business.
std::vector<std::string> checksumProblems(const std::string& folder, const std::vector<std::string>& required);

}  // namespace fm
