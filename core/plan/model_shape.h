// The sizes of a decoder that cost and screens need: plain numbers, without the formats they were read from.
#pragma once

#include <cstdint>

namespace fm {

struct ModelShape {
    std::int64_t num_layers = 0;         // L
    std::int64_t hidden_size = 0;        // D
    std::int64_t intermediate_size = 0;  // I, SwiGLU width
    std::int64_t num_heads = 0;          // query heads
    std::int64_t num_kv_heads = 0;
    std::int64_t head_dim = 0;
    std::int64_t vocab_size = 0;
    std::int64_t max_position = 0;  // longest context the teacher was made for, tokens
    bool tie_embeddings = false;
    bool operator==(const ModelShape&) const = default;
};

}  // namespace fm
