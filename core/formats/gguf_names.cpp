#include "core/formats/gguf_names.h"

#include <algorithm>
#include <array>

namespace fm {
namespace {

struct NamePair {
    std::string_view gguf;
    std::string_view hf;
};

constexpr std::array kOnce = {NamePair{"token_embd.weight", "model.embed_tokens.weight"},
                              NamePair{"output_norm.weight", "model.norm.weight"},
                              NamePair{"output.weight", "lm_head.weight"}};

constexpr std::array kPerBlock = {NamePair{"attn_norm.weight", "input_layernorm.weight"},
                                  NamePair{"ffn_norm.weight", "post_attention_layernorm.weight"},
                                  NamePair{"attn_q.weight", "self_attn.q_proj.weight"},
                                  NamePair{"attn_k.weight", "self_attn.k_proj.weight"},
                                  NamePair{"attn_v.weight", "self_attn.v_proj.weight"},
                                  NamePair{"attn_output.weight", "self_attn.o_proj.weight"},
                                  NamePair{"attn_q.bias", "self_attn.q_proj.bias"},
                                  NamePair{"attn_k.bias", "self_attn.k_proj.bias"},
                                  NamePair{"attn_v.bias", "self_attn.v_proj.bias"},
                                  NamePair{"attn_q_norm.weight", "self_attn.q_norm.weight"},
                                  NamePair{"attn_k_norm.weight", "self_attn.k_norm.weight"},
                                  NamePair{"ffn_gate.weight", "mlp.gate_proj.weight"},
                                  NamePair{"ffn_up.weight", "mlp.up_proj.weight"},
                                  NamePair{"ffn_down.weight", "mlp.down_proj.weight"}};

bool isIndex(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<std::string> hfNameOfGguf(std::string_view gguf_name) {
    for (const NamePair& pair : kOnce) {
        if (gguf_name == pair.gguf) return std::string(pair.hf);
    }
    constexpr std::string_view kPrefix = "blk.";
    const std::size_t dot = gguf_name.find('.', kPrefix.size());
    if (!gguf_name.starts_with(kPrefix) || dot == std::string_view::npos) return std::nullopt;
    const std::string_view index = gguf_name.substr(kPrefix.size(), dot - kPrefix.size());
    if (!isIndex(index)) return std::nullopt;
    for (const NamePair& pair : kPerBlock) {
        if (gguf_name.substr(dot + 1) == pair.gguf) {
            return "model.layers." + std::string(index) + "." + std::string(pair.hf);
        }
    }
    return std::nullopt;
}

}  // namespace fm
