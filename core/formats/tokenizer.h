// Byte-level BPE (GPT-2, SmolLM, Llama-3, Qwen2 splitters) from tokenizer.json or from GGUF metadata. export.md 14.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace fm {

using TokenId = std::int32_t;

// Thread: const methods may be called from several threads.
class Tokenizer {
public:
    // A model folder (tokenizer.json), a tokenizer.json, or a .gguf file.
    static std::shared_ptr<const Tokenizer> open(const std::string& path);
    ~Tokenizer();

    // Special tokens in `text` are recognised, none is added.
    std::vector<TokenId> encode(std::string_view text) const;
    // The same without recognising special tokens: for text from outside (documents, user data).
    std::vector<TokenId> encodeOrdinary(std::string_view text) const;

    std::string decode(const std::vector<TokenId>& ids) const;  // special tokens are written out
    std::string tokenBytes(TokenId id) const;                   // raw bytes of one token, may be half a character

    TokenId idOf(std::string_view token) const;  // -1 when absent; exact vocabulary entry or special token text
    bool isSpecial(TokenId id) const;
    std::int64_t vocabSize() const;              // highest id + 1
    const std::string& chatTemplate() const;     // Jinja text, "" when the file has none
    // Families the chat wrapper knows: "chatml" (SmolLM2, Qwen), "llama3", "" (base model, raw prompt)
    const std::string& chatFamily() const;

private:
    struct Impl;
    explicit Tokenizer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// Emits only complete UTF-8; the rest waits for the next token.
class StreamDecoder {
public:
    explicit StreamDecoder(std::shared_ptr<const Tokenizer> tokenizer);
    std::string push(TokenId id);
    std::string finish();  // what is left, broken bytes as U+FFFD

private:
    std::shared_ptr<const Tokenizer> tokenizer_;
    std::string pending_;
};

// One user turn in the model's chat form, ready for the assistant's first token. Returns `user` unchanged for "".
std::string wrapChat(const std::string& chat_family, const std::string& user, const std::string& assistant_prefix);

}  // namespace fm
