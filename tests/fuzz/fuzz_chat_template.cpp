// Chat templates, which are recognised and never run.
#include "core/formats/chat_template.h"
#include "tests/fuzz/fuzz_target.h"

namespace fm::fuzz {

static void read(const std::uint8_t* data, std::size_t bytes) {
    chatEndOfTurn(chatFamilyOf({reinterpret_cast<const char*>(data), bytes}));
}

Target chatTemplateTarget() {
    return {
        "chat_template", 200,
        [] {
            return std::vector<std::string>{
                "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
                "{% endfor %}You are a helpful AI assistant named SmolLM",
                "<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date<|eot_id|>enable_thinking"};
        },
        read};
}

}  // namespace fm::fuzz
