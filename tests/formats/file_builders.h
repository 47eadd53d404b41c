// Files put together byte by byte, right or wrong, for the tests of hostile input.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace fm {

template <class T>
void put(std::string& out, T value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// A header text with its length before it and zeros as data.
inline std::string safetensorsBytes(const std::string& header, std::size_t data_bytes) {
    std::string out;
    put(out, static_cast<std::uint64_t>(header.size()));
    return out + header + std::string(data_bytes, '\0');
}

inline std::string ggufString(const std::string& text) {
    std::string out;
    put(out, static_cast<std::uint64_t>(text.size()));
    return out + text;
}

// A GGUF file from its parts. Every count and offset can be made to lie.
struct GgufParts {
    struct Tensor {
        std::string name;
        std::vector<std::uint64_t> dims;  // fastest first, as in the file
        std::uint32_t type = 0;
        std::uint64_t offset = 0;
    };

    std::string magic = "GGUF";
    std::uint32_t version = 3;
    std::vector<std::string> keys;  // key, type and value, as ggufKey() makes them
    std::vector<Tensor> tensors;
    std::uint64_t claimed_keys = UINT64_MAX;     // UINT64_MAX: the truth
    std::uint64_t claimed_tensors = UINT64_MAX;  // UINT64_MAX: the truth
    std::size_t data_bytes = 0;
    std::size_t alignment = 32;

    std::string bytes() const {
        std::string out = magic;
        put(out, version);
        put(out, claimed_tensors == UINT64_MAX ? std::uint64_t{tensors.size()} : claimed_tensors);
        put(out, claimed_keys == UINT64_MAX ? std::uint64_t{keys.size()} : claimed_keys);
        for (const std::string& key : keys) out += key;
        for (const Tensor& tensor : tensors) {
            out += ggufString(tensor.name);
            put(out, static_cast<std::uint32_t>(tensor.dims.size()));
            for (const std::uint64_t dim : tensor.dims) put(out, dim);
            put(out, tensor.type);
            put(out, tensor.offset);
        }
        out.append((alignment - out.size() % alignment) % alignment, '\0');
        return out.append(data_bytes, '\0');
    }
};

// Types: 4 u32, 6 f32, 7 bool, 8 string, 9 array.
template <class T>
std::string ggufKey(const std::string& key, std::uint32_t type, T value) {
    std::string out = ggufString(key);
    put(out, type);
    put(out, value);
    return out;
}
inline std::string ggufTextKey(const std::string& key, const std::string& text) {
    std::string out = ggufString(key);
    put(out, std::uint32_t{8});
    return out + ggufString(text);
}
inline std::string ggufArrayKey(const std::string& key, std::uint32_t element, std::uint64_t count,
                                const std::string& payload) {
    std::string out = ggufString(key);
    put(out, std::uint32_t{9});
    put(out, element);
    put(out, count);
    return out + payload;
}

// A complete llama of one layer, width 32, one head, vocabulary 8, all F32.
inline GgufParts tinyLlamaGguf() {
    GgufParts parts;
    parts.keys = {ggufTextKey("general.architecture", "llama"),
                  ggufKey("llama.block_count", 4, std::uint32_t{1}),
                  ggufKey("llama.context_length", 4, std::uint32_t{64}),
                  ggufKey("llama.embedding_length", 4, std::uint32_t{32}),
                  ggufKey("llama.feed_forward_length", 4, std::uint32_t{32}),
                  ggufKey("llama.attention.head_count", 4, std::uint32_t{4}),
                  ggufKey("llama.attention.head_count_kv", 4, std::uint32_t{2}),
                  ggufKey("llama.attention.layer_norm_rms_epsilon", 6, 1e-5f),
                  ggufTextKey("tokenizer.ggml.model", "gpt2")};
    const auto add = [&](const std::string& name, std::vector<std::uint64_t> dims) {
        std::uint64_t bytes = 4;
        for (const std::uint64_t dim : dims) bytes *= dim;
        parts.tensors.push_back({name, std::move(dims), 0, parts.data_bytes});
        parts.data_bytes += bytes;
    };
    add("token_embd.weight", {32, 8});
    add("output_norm.weight", {32});
    add("blk.0.attn_norm.weight", {32});
    add("blk.0.attn_q.weight", {32, 32});
    add("blk.0.attn_k.weight", {32, 16});
    add("blk.0.attn_v.weight", {32, 16});
    add("blk.0.attn_output.weight", {32, 32});
    add("blk.0.ffn_norm.weight", {32});
    add("blk.0.ffn_gate.weight", {32, 32});
    add("blk.0.ffn_up.weight", {32, 32});
    add("blk.0.ffn_down.weight", {32, 32});
    return parts;
}

// A complete HF config of the same shape.
inline std::string tinyLlamaConfig() {
    return R"({"architectures":["LlamaForCausalLM"],"model_type":"llama","vocab_size":8,"hidden_size":32,)"
           R"("intermediate_size":32,"num_hidden_layers":1,"num_attention_heads":4,"num_key_value_heads":2,)"
           R"("max_position_embeddings":64,"rms_norm_eps":1e-5,"hidden_act":"silu","rope_theta":10000.0,)"
           R"("tie_word_embeddings":true,"bos_token_id":1,"eos_token_id":2})";
}

}  // namespace fm
