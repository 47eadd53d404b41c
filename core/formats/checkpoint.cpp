#include "core/formats/checkpoint.h"

#include <filesystem>

#include "core/base/error.h"
#include "core/formats/checkpoint_kinds.h"

namespace fm {
namespace {

[[noreturn]] void noModelAt(const std::string& path, const std::string& found) {
    throw InputError(Problem{path, found, "a folder with config.json and *.safetensors, or one .gguf file"});
}

}  // namespace

std::unique_ptr<Checkpoint> Checkpoint::open(const std::string& path) {
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) noModelAt(path, "nothing that can be opened");
    if (std::filesystem::is_directory(status)) {
        if (!std::filesystem::exists(path + "/config.json", error)) noModelAt(path, "a folder without config.json");
        return openHfFolder(path);
    }
    if (!path.ends_with(".gguf")) noModelAt(path, "a file that is not named *.gguf");
    return openGguf(path);
}

}  // namespace fm
