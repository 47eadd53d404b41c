// A model as found on disk: an HF folder (config.json, *.safetensors, tokenizer.json) or one GGUF file, both shown in
// HF's tensor names ("model.layers.3.self_attn.q_proj.weight") and HF's row order.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/formats/model_config.h"
#include "core/formats/tensor_view.h"

namespace fm {

// Immutable; const methods may be called from several threads.
class Checkpoint {
public:
    virtual ~Checkpoint() = default;

    // Folder or .gguf file. Throws InputError when there is no model at `path`, FormatError when it is damaged or of
    // an architecture outside ModelFamily.
    static std::unique_ptr<Checkpoint> open(const std::string& path);

    virtual const std::string& path() const = 0;
    virtual const ModelConfig& config() const = 0;
    // Under HF names. The bytes are the file's own: q and k of a llama GGUF are permuted there, so take values by
    // read(). Left out: buffers that follow from the config (rotary inv_freq, rope_freqs.weight).
    virtual const std::vector<TensorView>& tensors() const = 0;
    virtual const TensorView* find(const std::string& name) const = 0;

    // Values of one tensor of this checkpoint as fp32 in HF row order (GGUF's llama q/k row permutation undone).
    // out.size() == view.elements(). FormatError for integer tensors and for q/k whose rows do not fit the heads.
    virtual void read(const TensorView& view, std::span<float> out) const = 0;

    // "safetensors" or "gguf"
    virtual std::string format() const = 0;

    // Hash of everything that decides the logits (config and tensor bytes): 32 hex digits, XXH3-128. Reads the whole
    // file the first time. The same for one file and for shards of the same tensors; not for a GGUF of them.
    virtual std::string contentHash() const = 0;
};

// Names and shapes a decoder of this config has, in HF's spelling; what a strict loader checks against.
struct ExpectedTensor {
    std::string name;
    std::vector<std::int64_t> shape;
};
std::vector<ExpectedTensor> expectedTensors(const ModelConfig& config);

// Missing, unused, misshaped and mistyped tensors, all listed, one sentence each. Empty = every tensor accounted for.
std::vector<std::string> accountForTensors(const Checkpoint& checkpoint);

}  // namespace fm
