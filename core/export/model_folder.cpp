#include "core/export/model_folder.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <filesystem>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/regular_file.h"

namespace fm {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxTokenizerFileBytes = std::uint64_t{512} << 20;  // the largest known has 34 MB

bool isThere(const fs::path& path) {
    std::error_code error;
    return fs::symlink_status(path, error).type() != fs::file_type::not_found;
}

// Where the links of a model may lead: hubs keep <cache>/models--ORG--NAME/{snapshots/REVISION/, blobs/}, the files of
// a snapshot being links to blobs.
fs::path modelPlace(const fs::path& source) {
    const fs::path folder = fs::weakly_canonical(source);
    return folder.parent_path().filename() == "snapshots" ? folder.parent_path().parent_path() : folder;
}

void requireInside(const fs::path& place, const fs::path& file) {
    std::error_code error;
    const fs::path target = fs::weakly_canonical(file, error);
    const auto [at, rest] = std::mismatch(place.begin(), place.end(), target.begin(), target.end());
    if (!error && at == place.end()) return;
    throw WorldError(file.string() + ": leads to " + target.string() +
                     ", outside of the model's folder; put the file itself there, then try again");
}

}  // namespace

at::ScalarType scalarType(DType dtype) {
    if (dtype == DType::F16) return at::kHalf;
    return dtype == DType::BF16 ? at::kBFloat16 : at::kFloat;
}

void TensorBundle::add(const std::string& name, const at::Tensor& tensor, DType dtype) {
    alive_.push_back(tensor.detach().to(at::kCPU, scalarType(dtype)).contiguous());
    entries_.push_back({name, dtype, tensor.sizes().vec(), alive_.back().const_data_ptr()});
}

std::vector<TokenizerFile> tokenizerFiles(const std::string& source) {
    std::vector<TokenizerFile> files;
    const fs::path place = modelPlace(source);
    for (const char* name : {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json",
                             "merges.txt", "added_tokens.json", "chat_template.jinja"}) {
        const fs::path path = fs::path(source) / name;
        if (!isThere(path)) continue;
        requireInside(place, path);
        files.push_back({name, readRegularFile(path.string(), kMaxTokenizerFileBytes)});
    }
    if (files.empty() || files.front().name != "tokenizer.json") {
        throw WorldError(source + ": has no tokenizer.json; point at the folder of the model's tokenizer");
    }
    return files;
}

void writeModelFolder(const std::string& folder, DecoderWeights weights, DType dtype,
                      const std::string& tokenizer_folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) throw WorldError(folder + ": cannot be created (" + error.message() + "); choose another folder");
    for (const TokenizerFile& file : tokenizerFiles(tokenizer_folder))
        writeFileAtomically((fs::path(folder) / file.name).string(), file.content);
    TensorBundle bundle;
    forEachTensor(weights, [&](const std::string& name, at::Tensor& tensor) {
        bundle.add(name, tensor, tensor.dim() > 1 ? dtype : DType::F32);
    });
    writeSafetensors((fs::path(folder) / "model.safetensors").string(), bundle.entries());
    const std::string torch_dtype = dtype == DType::F32 ? "float32" : dtype == DType::F16 ? "float16" : "bfloat16";
    writeFileAtomically((fs::path(folder) / "config.json").string(), toHfConfig(weights.config, torch_dtype));
}

}  // namespace fm
