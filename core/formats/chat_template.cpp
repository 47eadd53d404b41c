#include "core/formats/chat_template.h"

#include "core/formats/tokenizer.h"

namespace fm {
namespace {

constexpr const char* kSmolLm2System = "You are a helpful AI assistant named SmolLM, trained by Hugging Face";
constexpr const char* kQwen2System = "You are a helpful assistant.";
constexpr const char* kQwen25System = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.";
constexpr const char* kLlama31System = "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n";

std::string chatmlTurn(const std::string& role, const std::string& content) {
    return "<|im_start|>" + role + "\n" + content + "<|im_end|>\n";
}

std::string llama3Turn(const std::string& role, const std::string& content) {
    return "<|start_header_id|>" + role + "<|end_header_id|>\n\n" + content + "<|eot_id|>";
}

// Llama's templates apply Jinja's `trim` to each message.
std::string trimmed(const std::string& text) {
    constexpr const char* kSpace = " \t\n\v\f\r";
    const std::size_t begin = text.find_first_not_of(kSpace);
    return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string wrapChatml(const std::string& family, const std::string& user) {
    std::string text;
    if (family == "smollm2") text = chatmlTurn("system", kSmolLm2System);
    if (family == "qwen2") text = chatmlTurn("system", kQwen2System);
    if (family == "qwen2.5") text = chatmlTurn("system", kQwen25System);
    text += chatmlTurn("user", user) + "<|im_start|>assistant\n";
    if (family == "qwen3") text += "<think>\n\n</think>\n\n";
    return text;
}

std::string wrapLlama3(const std::string& family, const std::string& user) {
    std::string text = "<|begin_of_text|>";
    if (family == "llama3.1") text += llama3Turn("system", kLlama31System);
    return text + llama3Turn("user", trimmed(user)) + "<|start_header_id|>assistant<|end_header_id|>\n\n";
}

}  // namespace

std::string chatFamilyOf(std::string_view jinja_template) {
    const auto has = [&](std::string_view text) { return jinja_template.find(text) != std::string_view::npos; };
    if (has("<|start_header_id|>") && has("<|eot_id|>")) return has("Cutting Knowledge Date") ? "llama3.1" : "llama3";
    if (!has("<|im_start|>") || !has("<|im_end|>")) return "";
    if (has(kSmolLm2System)) return "smollm2";
    if (has(kQwen25System)) return "qwen2.5";
    if (has("enable_thinking is false")) return "qwen3";
    // In the template's own spelling, the line break is an escape or a real one.
    if (has(std::string("system\\n") + kQwen2System) || has(std::string("system\n") + kQwen2System) ||
        has(std::string("'") + kQwen2System + "'")) {
        return "qwen2";
    }
    return "chatml";
}

std::string chatEndOfTurn(std::string_view chat_family) {
    if (chat_family.empty()) return "";
    return chat_family.starts_with("llama3") ? "<|eot_id|>" : "<|im_end|>";
}

std::string wrapChat(const std::string& chat_family, const std::string& user, const std::string& assistant_prefix) {
    if (chat_family.empty()) return user + assistant_prefix;
    const bool is_llama3 = chat_family.starts_with("llama3");
    return (is_llama3 ? wrapLlama3(chat_family, user) : wrapChatml(chat_family, user)) + assistant_prefix;
}

}  // namespace fm
