// GGUF files: keys, tensors, and the model configuration in them.
#include "core/formats/checkpoint.h"
#include "tests/fuzz/fuzz_target.h"

namespace fm::fuzz {

static void read(const std::uint8_t* data, std::size_t bytes) {
    const auto checkpoint = Checkpoint::open(fileWith("model.gguf", data, bytes));
    if (!accountForTensors(*checkpoint).empty()) return;
    for (const TensorView& tensor : checkpoint->tensors()) {
        std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
        checkpoint->read(tensor, values);
    }
}

Target ggufTarget() {
    return {"gguf", 200,
            [] {
                return std::vector<std::string>{fixture("formats/models/llama_quantised.gguf"),
                                                fixture("formats/models/qwen2.gguf")};
            },
            read};
}

}  // namespace fm::fuzz
