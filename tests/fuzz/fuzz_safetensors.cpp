// safetensors files: header and tensors; and the index of a folder with several.
#include "core/formats/safetensors.h"
#include "core/formats/safetensors_index.h"
#include "tests/fuzz/mutate.h"

namespace fm::fuzz {

static const std::string index_text =
    R"({"metadata":{"total_size":96},"weight_map":{"a":"one.safetensors","b":"two.safetensors"}})";

static void read(const std::uint8_t* data, std::size_t bytes) {
    if (bytes > 0 && data[0] == '{') {
        readSafetensorsIndex(fileWith("model.safetensors.index.json", data, bytes));
        return;
    }
    const SafetensorsFile file = SafetensorsFile::open(fileWith("model.safetensors", data, bytes));
    std::size_t sum = 0;
    for (const TensorView& tensor : file.tensors())
        for (const auto byte : tensor.bytes) sum += static_cast<std::size_t>(byte);
    static_cast<void>(sum);
}

static void change(std::string& bytes, Random& random) {
    (bytes[0] == '{' ? changeJson : changeJsonHeader)(bytes, random);
}

Target safetensorsTarget() {
    return {"safetensors", 200,
            [] {
                return std::vector<std::string>{fixture("model/qwen2/expected.safetensors"), index_text};
            },
            read, change};
}

}  // namespace fm::fuzz
