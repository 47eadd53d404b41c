#include "core/data/corpus_files.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "core/base/error.h"

namespace fm {
namespace {

namespace fs = std::filesystem;

bool isTextFile(const fs::path& path) { return path.extension() == ".txt" || path.extension() == ".jsonl"; }

std::vector<fs::path> textFiles(const std::string& path) {
    std::error_code failed;
    std::vector<fs::path> files;
    if (fs::is_directory(path, failed)) {
        for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path, failed))
            if (entry.is_regular_file(failed) && isTextFile(entry.path())) files.push_back(entry.path());
        if (failed) throw WorldError(path + ": the folder cannot be listed: " + failed.message());
    } else if (fs::is_regular_file(path, failed)) {
        files.emplace_back(path);
    }
    std::sort(files.begin(), files.end());
    return files;
}

std::string readFile(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    if (file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
    if (!file.is_open() || file.bad())
        throw WorldError(path.string() + ": the file cannot be read; check its permissions");
    return std::move(text).str();
}

std::string documentOfLine(const fs::path& path, std::int64_t number, std::string_view line) {
    const std::string where = path.string() + ": line " + std::to_string(number) + ": ";
    const nlohmann::json value = nlohmann::json::parse(line, nullptr, false);
    if (value.is_discarded()) throw FormatError(where + "not valid JSON");
    if (!value.is_object() || !value.contains("text") || !value["text"].is_string())
        throw FormatError(where + "expected an object with a string \"text\"");
    return value["text"].get<std::string>();
}

std::int64_t visitLines(const fs::path& path, const std::function<void(std::string_view)>& visit) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw WorldError(path.string() + ": the file cannot be read; check its permissions");
    std::int64_t documents = 0, number = 0;
    for (std::string line; std::getline(file, line);) {
        ++number;
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        const std::string document = documentOfLine(path, number, line);
        if (document.empty()) continue;
        visit(document);
        ++documents;
    }
    return documents;
}

}  // namespace

void forEachTextFile(const std::string& path,
                     const std::function<void(const std::string& name, const std::string& content)>& visit) {
    for (const fs::path& file : textFiles(path)) {
        const fs::path name = file == fs::path(path) ? file.filename() : file.lexically_relative(path);
        visit(name.generic_string(), readFile(file));
    }
}

std::int64_t forEachDocument(const std::string& path, const std::function<void(std::string_view)>& visit) {
    std::int64_t documents = 0;
    for (const fs::path& file : textFiles(path)) {
        if (file.extension() == ".jsonl") {
            documents += visitLines(file, visit);
            continue;
        }
        const std::string text = readFile(file);
        if (text.empty()) continue;
        visit(text);
        ++documents;
    }
    if (documents == 0)
        throw InputError(
            Problem{"corpus", path, "a .txt or .jsonl file, or a folder that holds some, with text in it"});
    return documents;
}

}  // namespace fm
