#include "core/model/kv_cache.h"
#include "core/base/assert.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>

namespace fm {

namespace {

at::Tensor grown(const at::Tensor& old_BTKd, std::int64_t used, at::IntArrayRef shape,
                 const at::TensorOptions& options) {
    at::Tensor fresh_BTKd = at::empty(shape, options);
    if (used > 0) fresh_BTKd.narrow(1, 0, used).copy_(old_BTKd.narrow(1, 0, used));
    return fresh_BTKd;
}

}  // namespace

std::int64_t KvCache::usedBytes() const {
    if (!key_BTKd.defined() || key_BTKd.size(1) == 0) return 0;
    const std::int64_t token_bytes = static_cast<std::int64_t>(key_BTKd.nbytes()) / key_BTKd.size(1);
    return 2 * used * token_bytes;
}

void reserve(KvCache& cache, std::int64_t batch, std::int64_t capacity, std::int64_t kv_heads, std::int64_t head_dim,
             const at::TensorOptions& options) {
    if (cache.key_BTKd.defined() && cache.key_BTKd.size(1) >= capacity) return;
    const c10::NoGradGuard no_grad;
    const std::int64_t shape[] = {batch, capacity, kv_heads, head_dim};
    cache.key_BTKd = grown(cache.key_BTKd, cache.used, shape, options);
    cache.value_BTKd = grown(cache.value_BTKd, cache.used, shape, options);
}

void append(KvCache& cache, const at::Tensor& key_BTKd, const at::Tensor& value_BTKd) {
    const c10::NoGradGuard no_grad;
    const std::int64_t count = key_BTKd.size(1);
    const std::int64_t needed = cache.used + count;
    const std::int64_t capacity = cache.key_BTKd.defined() ? cache.key_BTKd.size(1) : 0;
    if (needed > capacity) {
        reserve(cache, key_BTKd.size(0), std::max(needed, 2 * capacity), key_BTKd.size(2), key_BTKd.size(3),
                key_BTKd.options());
    }
    FM_ASSERT(cache.key_BTKd.size(0) == key_BTKd.size(0) && cache.key_BTKd.scalar_type() == key_BTKd.scalar_type(),
              "a cache goes on with its own batch size and precision");
    cache.key_BTKd.narrow(1, cache.used, count).copy_(key_BTKd);
    cache.value_BTKd.narrow(1, cache.used, count).copy_(value_BTKd);
    cache.used = needed;
}

}  // namespace fm
