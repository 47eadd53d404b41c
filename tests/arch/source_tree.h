// The files of the repository, as git sees them, and their text.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace fm::arch {

struct SourceFile {
    std::string path;  // relative to the repository, '/' between
    std::string text;
};

// Tracked and new files that git does not ignore, sorted; nullopt where there is no git or no repository.
std::optional<std::vector<std::string>> listRepository(const std::string& root);

std::string readFile(const std::string& path);

bool endsWith(const std::string& text, const std::string& ending);
bool startsWith(const std::string& text, const std::string& beginning);
bool isHeader(const std::string& path);  // .h, .cuh
bool isCpp(const std::string& path);     // headers, .cpp, .cu
bool isCode(const std::string& path);    // C++, CMake, shell, Python

std::vector<std::string> splitLines(const std::string& text);

}  // namespace fm::arch
