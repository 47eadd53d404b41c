#include "core/model/model_shape_of.h"

namespace fm {

ModelShape shapeOf(const ModelConfig& config) {
    return {.num_layers = config.num_layers,
            .hidden_size = config.hidden_size,
            .intermediate_size = config.intermediate_size,
            .num_heads = config.num_heads,
            .num_kv_heads = config.num_kv_heads,
            .head_dim = config.head_dim,
            .vocab_size = config.vocab_size,
            .max_position = config.max_position,
            .tie_embeddings = config.tie_embeddings};
}

}  // namespace fm
