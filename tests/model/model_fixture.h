// The tiny checkpoints of tests/fixtures/model and what `transformers` computed from them.
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <string>
#include <vector>

#include "core/formats/tokenizer.h"
#include "core/model/decoder_weights.h"

namespace fm::test {

std::string modelFolder(const std::string& name);  // "llama_rope", "smollm", "qwen2", "qwen3"

// Tensors of a safetensors file as they are stored (F32, I32), by name.
std::map<std::string, at::Tensor> readReference(const std::string& path);

struct ModelFixture {
    DecoderWeights weights;
    std::vector<at::Tensor> ids_BT;     // int64, B = 1
    std::vector<at::Tensor> logits_TV;  // fp32, expected
    std::vector<TokenId> greedy;        // expected greedy continuation of ids_BT[0]
};
ModelFixture loadModelFixture(const std::string& name, at::ScalarType dtype);

}  // namespace fm::test
