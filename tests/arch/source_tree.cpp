#include "tests/arch/source_tree.h"

#include <QProcess>
#include <QString>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace fm::arch {

std::optional<std::vector<std::string>> listRepository(const std::string& root) {
    QProcess git;
    git.setWorkingDirectory(QString::fromStdString(root));
    // safe.directory: the clone may belong to another user than the one who runs the tests
    git.start("git", {"-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"});
    if (!git.waitForFinished() || git.exitStatus() != QProcess::NormalExit || git.exitCode() != 0) return std::nullopt;
    std::vector<std::string> files;
    for (const std::string& path : splitLines(git.readAllStandardOutput().toStdString())) {
        if (std::filesystem::is_regular_file(root + "/" + path)) files.push_back(path);
    }
    std::sort(files.begin(), files.end());
    files.erase(std::unique(files.begin(), files.end()), files.end());
    return files;
}

std::string readFile(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

bool endsWith(const std::string& text, const std::string& ending) { return text.ends_with(ending); }
bool startsWith(const std::string& text, const std::string& beginning) { return text.starts_with(beginning); }

bool isHeader(const std::string& path) { return endsWith(path, ".h") || endsWith(path, ".cuh"); }

bool isCpp(const std::string& path) { return isHeader(path) || endsWith(path, ".cpp") || endsWith(path, ".cu"); }

bool isCode(const std::string& path) {
    return isCpp(path) || endsWith(path, "CMakeLists.txt") || endsWith(path, ".cmake") || endsWith(path, ".sh") ||
           endsWith(path, ".py") || path == ".ci/run";
}

std::vector<std::string> splitLines(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

}  // namespace fm::arch
