// Keys and values that decoding keeps. Inference only: nothing in a cache carries a gradient.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace fm {

// Keys and values of one layer so far; grows by doubling. K = K/V heads.
struct KvCache {
    at::Tensor key_BTKd, value_BTKd;  // capacity along T; undefined until the first token
    std::int64_t used = 0;            // tokens held
    std::int64_t usedBytes() const;   // of the tokens held, not of the capacity
};

// Makes room for `capacity` tokens without changing what is held.
void reserve(KvCache& cache, std::int64_t batch, std::int64_t capacity, std::int64_t kv_heads, std::int64_t head_dim,
             const at::TensorOptions& options);

// Adds tokens at the end. Batch, heads, dtype and device must be those of the cache (assert).
void append(KvCache& cache, const at::Tensor& key_BTKd, const at::Tensor& value_BTKd);

}  // namespace fm
