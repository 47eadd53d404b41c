#include "core/formats/tokenizer_folder.h"

#include <filesystem>
#include <string_view>

#include "core/base/error.h"
#include "core/formats/mapped_file.h"
#include "core/formats/strict_json.h"
#include "core/formats/tokenizer_json_field.h"

namespace fm {
namespace {

namespace fs = std::filesystem;

// Real templates have some kilobytes; Llama 3's tokenizer_config.json, with all its reserved tokens, 60 kB.
constexpr JsonLimits kConfigLimits{std::size_t{4} << 20, 16, std::size_t{1} << 20};

bool isFile(const fs::path& path) {
    std::error_code error;
    return fs::is_regular_file(path, error);
}

// Either one template or a list of named ones, of which "default" is for chat.
std::string templateOf(const JsonField& field) {
    if (field.isNull()) return "";
    if (!field.value().is_array()) return field.text();
    for (std::size_t i = 0; i < field.size(); ++i) {
        const JsonField named = field.element(i);
        if (named.member("name").isText("default")) return named.member("template").text();
    }
    return "";
}

std::string readChatTemplate(const fs::path& folder) {
    const fs::path jinja = folder / "chat_template.jinja";
    if (isFile(jinja)) return std::string(MappedFile::open(jinja.string())->text());
    const std::string config_path = (folder / "tokenizer_config.json").string();
    if (!isFile(config_path)) return "";
    const nlohmann::json config = parseStrictJson(MappedFile::open(config_path)->text(), kConfigLimits, config_path);
    return templateOf(JsonField(config, "", config_path).member("chat_template"));
}

}  // namespace

TokenizerParts readTokenizer(const std::string& path) {
    std::error_code error;
    const bool is_folder = fs::is_directory(path, error);
    const fs::path file = is_folder ? fs::path(path) / "tokenizer.json" : fs::path(path);
    if (!isFile(file)) {
        throw InputError(Problem{"model", path, "a folder with tokenizer.json, a tokenizer.json, or a .gguf file"});
    }
    if (file.extension() == ".gguf") return readTokenizerGguf(file.string());
    TokenizerParts parts = readTokenizerJson(file.string());
    parts.chat_template = readChatTemplate(file.parent_path());
    return parts;
}

}  // namespace fm
