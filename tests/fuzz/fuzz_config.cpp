// config.json of a Hugging Face model folder.
#include "core/formats/checkpoint.h"
#include "core/formats/model_config.h"
#include "tests/fuzz/mutate.h"

namespace fm::fuzz {

static void read(const std::uint8_t* data, std::size_t bytes) {
    const ModelConfig config = parseHfConfig({reinterpret_cast<const char*>(data), bytes}, "config.json");
    expectedTensors(config);
    toHfConfig(config, "float32");
}

Target configTarget() {
    return {"config", 200,
            [] {
                return std::vector<std::string>{fixture("model/llama_rope/config.json"),
                                                fixture("model/qwen2/config.json"), fixture("model/qwen3/config.json")};
            },
            read, changeJson};
}

}  // namespace fm::fuzz
