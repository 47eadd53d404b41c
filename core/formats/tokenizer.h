// Byte-level BPE (GPT-2, SmolLM, Llama-3, Qwen2 splitters) from tokenizer.json or from GGUF metadata.
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
    // A model folder (tokenizer.json), a tokenizer.json, or a .gguf file. Throws InputError when there is none at
    // `path`, FormatError naming the key when it is damaged or needs something that is not supported.
    static std::shared_ptr<const Tokenizer> open(const std::string& path);
    ~Tokenizer();

    // Special tokens in `text` are recognised, none is added. Bytes that are not UTF-8 are read as U+FFFD (HF takes
    // only valid text). Bytes without a token of their own vanish, as in HF (SmolLM2 lacks 21 of them, none of them
    // common). Throws FormatError when the file's splitting pattern backtracks without bound on `text`.
    std::vector<TokenId> encode(std::string_view text) const;
    // The same without recognising special tokens: for text from outside (documents, user data). Added tokens that are
    // not special (Qwen's <tool_call>) are recognised, as HF does with encode_special_tokens.
    std::vector<TokenId> encodeOrdinary(std::string_view text) const;

    // Special tokens are written out; broken UTF-8 as U+FFFD. Ids without a token (a model's padding rows) give
    // nothing.
    std::string decode(const std::vector<TokenId>& ids) const;
    std::string tokenBytes(TokenId id) const;  // raw bytes of one token, may be half a character; "" without a token

    // -1 when absent; a vocabulary entry as the file spells it ("Ġriver") or the text of an added token
    TokenId idOf(std::string_view token) const;
    bool isSpecial(TokenId id) const;
    std::int64_t vocabSize() const;           // highest id + 1
    const std::string& chatTemplate() const;  // Jinja text, "" when the file has none
    const std::string& contentHash() const;   // equal for two tokenizers that encode alike
    // Families the chat wrapper knows (chat_template.h): "smollm2", "qwen2", "qwen2.5", "qwen3", "chatml", "llama3",
    // "llama3.1", or "" (base model, raw prompt)
    const std::string& chatFamily() const;

private:
    struct Impl;
    explicit Tokenizer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// Emits only complete UTF-8; the rest waits for the next token. The parts together are what decode() gives. One thread.
class StreamDecoder {
public:
    explicit StreamDecoder(std::shared_ptr<const Tokenizer> tokenizer);
    std::string push(TokenId id);
    std::string finish();  // what is left, broken bytes as U+FFFD

private:
    std::shared_ptr<const Tokenizer> tokenizer_;
    std::string pending_;
};

// One user turn in the model's chat form, with its default system prompt, ready for the assistant's first token after
// `assistant_prefix`. For "" the raw prompt: `user` followed by `assistant_prefix`. Special tokens inside `user` stay
// as they are. Any thread.
std::string wrapChat(const std::string& chat_family, const std::string& user, const std::string& assistant_prefix);

}  // namespace fm
