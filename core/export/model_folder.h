// A teacher as an ordinary HF folder: config.json, model.safetensors, and its tokenizer files.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "core/formats/safetensors.h"
#include "core/model/decoder_weights.h"

namespace fm {

// Contiguous CPU copies that stay alive while a safetensors file is written from them.
class TensorBundle {
public:
    // `dtype`: F32, F16 or BF16.
    void add(const std::string& name, const at::Tensor& tensor, DType dtype);
    const std::vector<TensorToWrite>& entries() const { return entries_; }

private:
    std::vector<at::Tensor> alive_;
    std::vector<TensorToWrite> entries_;
};

at::ScalarType scalarType(DType dtype);  // F32, F16, BF16

// Files of a tokenizer that belong to a model and are copied byte for byte: tokenizer.json, tokenizer_config.json, ...
struct TokenizerFile {
    std::string name;
    std::string content;
};
// Those of `source`. A link among them may lead anywhere inside the model's own place (the folder itself, or the cache
// of the hub that the folder is a snapshot of): what a stranger's link names elsewhere does not get into an export.
// Throws WorldError when `source` has no tokenizer.json, or one of the files is no regular file, or cannot be read to
// its end.
std::vector<TokenizerFile> tokenizerFiles(const std::string& source);

// Matrices in `dtype`, norms in F32. Creates `folder`; every file is complete or absent.
void writeModelFolder(const std::string& folder, DecoderWeights weights, DType dtype,
                      const std::string& tokenizer_folder);

}  // namespace fm
