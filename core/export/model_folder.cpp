#include "core/export/model_folder.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/run/atomic_file.h"
#include "core/run/error.h"

namespace fm {
namespace {

namespace fs = std::filesystem;

std::string contentOf(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw WorldError(path.string() + ": cannot be read; check that it exists and may be read");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
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

std::vector<std::string> copyTokenizerFiles(const std::string& source, const std::string& folder) {
    std::vector<std::string> copied;
    for (const char* name : {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json",
                             "merges.txt", "added_tokens.json", "chat_template.jinja"}) {
        const fs::path from = fs::path(source) / name;
        if (!fs::exists(from)) continue;
        writeFileAtomically((fs::path(folder) / name).string(), contentOf(from));
        copied.push_back(name);
    }
    if (copied.empty() || copied.front() != "tokenizer.json") {
        throw WorldError(source + ": has no tokenizer.json; point at the folder of the model's tokenizer");
    }
    return copied;
}

void writeModelFolder(const std::string& folder, DecoderWeights weights, DType dtype,
                      const std::string& tokenizer_folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) throw WorldError(folder + ": cannot be created (" + error.message() + "); choose another folder");
    copyTokenizerFiles(tokenizer_folder, folder);
    TensorBundle bundle;
    forEachTensor(weights, [&](const std::string& name, at::Tensor& tensor) {
        bundle.add(name, tensor, tensor.dim() > 1 ? dtype : DType::F32);
    });
    writeSafetensors((fs::path(folder) / "model.safetensors").string(), bundle.entries());
    const std::string torch_dtype = dtype == DType::F32 ? "float32" : dtype == DType::F16 ? "float16" : "bfloat16";
    writeFileAtomically((fs::path(folder) / "config.json").string(), toHfConfig(weights.config, torch_dtype));
}

}  // namespace fm
