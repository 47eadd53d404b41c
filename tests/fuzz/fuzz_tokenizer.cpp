// tokenizer.json: what opens must also encode and decode any text.
#include "core/formats/tokenizer.h"
#include "tests/fuzz/mutate.h"

namespace fm::fuzz {

static void read(const std::uint8_t* data, std::size_t bytes) {
    const auto tokenizer = Tokenizer::open(fileWith("tokenizer.json", data, bytes));
    tokenizer->decode(tokenizer->encode("Hello, w\xc3\xb6rld 123\n\n <|im_start|>x"));
}

Target tokenizerTarget() {
    return {"tokenizer", 100,
            [] {
                return std::vector<std::string>{fixture("tokenizers/gpt2/tokenizer.json"),
                                                fixture("tokenizers/qwen2/tokenizer.json"),
                                                fixture("tokenizers/llama3/tokenizer.json")};
            },
            read, changeJson};
}

}  // namespace fm::fuzz
