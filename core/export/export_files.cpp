#include "core/export/export_files.h"

#include <filesystem>
#include <sstream>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/regular_file.h"

namespace fm {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxListBytes = 1 << 20;
constexpr std::size_t kHashDigits = 32;

bool isHash(const std::string& text) {
    return text.size() == kHashDigits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// Name to hash; false for a line that is not of the list's form.
bool parseList(const std::string& text, std::map<std::string, std::string>& hash_of) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t name_at = kHashDigits + 2;
        if (line.size() <= name_at || line.compare(kHashDigits, 2, "  ") != 0) return false;
        const std::string hash = line.substr(0, kHashDigits), name = line.substr(name_at);
        if (!isHash(hash) || name.find('/') != std::string::npos || name == "." || name == "..") return false;
        if (!hash_of.emplace(name, hash).second) return false;
    }
    return true;
}

std::string fileProblem(const std::string& folder, const std::string& name, const std::string& hash) {
    const fs::path path = fs::path(folder) / name;
    std::error_code error;
    if (!fs::is_regular_file(path, error)) return "File " + name + " is missing.";
    try {
        if (hashFile(path.string()) == hash) return {};
    } catch (const WorldError& unreadable) {
        return unreadable.what();
    }
    return "File " + name + " is not the one that was exported: its bytes have changed.";
}

}  // namespace

std::string ExportFiles::path(const std::string& name) const { return (fs::path(folder_) / name).string(); }

void ExportFiles::write(const std::string& name, const std::string& content) {
    writeFileAtomically(path(name), content);
    hash_of_[name] = hashBytes(content);
}

void ExportFiles::add(const std::string& name) { hash_of_[name] = hashFile(path(name)); }

void ExportFiles::close() {
    std::string list;
    std::vector<std::string> names;
    for (const auto& [name, hash] : hash_of_) {
        list += hash + "  " + name + "\n";
        names.push_back(name);
    }
    writeFileAtomically(path(kChecksumFile), list);
    const std::vector<std::string> problems = checksumProblems(folder_, names);
    if (problems.empty()) return;
    throw WorldError(folder_ + ": the export was read back and differs from what was written; nothing was kept: " +
                     problems.front() + " Check the disk, then export again.");
}

std::vector<std::string> checksumProblems(const std::string& folder, const std::vector<std::string>& required) {
    const std::string list_path = (fs::path(folder) / kChecksumFile).string();
    std::map<std::string, std::string> hash_of;
    try {
        if (!parseList(readRegularFile(list_path, kMaxListBytes), hash_of)) {
            return {std::string("File ") + kChecksumFile + " is damaged, so the other files cannot be checked."};
        }
    } catch (const WorldError& unreadable) {
        return {std::string("The files cannot be checked: ") + unreadable.what() + "."};
    }
    std::vector<std::string> problems;
    for (const std::string& name : required) {
        if (!hash_of.contains(name)) problems.push_back("File " + name + " is not listed in " + kChecksumFile + ".");
    }
    for (const auto& [name, hash] : hash_of) {
        if (const std::string problem = fileProblem(folder, name, hash); !problem.empty()) problems.push_back(problem);
    }
    return problems;
}

}  // namespace fm
