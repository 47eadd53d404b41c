#include "core/model/blocks.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "core/ops/product.h"
#include "core/ops/stacked_rows.h"

namespace fm {

namespace {

// The dtype in which norms and similar sums are taken.
at::ScalarType wide(at::ScalarType dtype) { return dtype == at::kDouble ? at::kDouble : at::kFloat; }

struct Projected {
    at::Tensor query_BTHd, key_BTKd, value_BTKd;
};

Projected rotated(const at::Tensor& query_BTHd, const at::Tensor& key_BTKd, const at::Tensor& value_BTKd,
                  const AttentionWeights& weights, const ModelConfig& config, const Rope& rope) {
    if (!config.qk_norm) return {applyRope(query_BTHd, rope), applyRope(key_BTKd, rope), value_BTKd};
    return {applyRope(rmsNorm(query_BTHd, weights.q_norm_d, config.rms_norm_eps), rope),
            applyRope(rmsNorm(key_BTKd, weights.k_norm_d, config.rms_norm_eps), rope), value_BTKd};
}

// One product for q, k and v where their weights lie one after the other: fewer, larger matrix products.
Projected project(const at::Tensor& x_BTD, const AttentionWeights& weights, const ModelConfig& config,
                  const Rope& rope) {
    const std::int64_t heads = config.num_heads;
    const std::int64_t kv_heads = config.num_kv_heads;
    const at::Tensor stacked_OD = stackedRows({weights.q.weight_OI, weights.k.weight_OI, weights.v.weight_OI});
    if (!stacked_OD.defined() || weights.q.bias_O.defined()) {
        return rotated(splitHeads(linear(x_BTD, weights.q), config.head_dim),
                       splitHeads(linear(x_BTD, weights.k), config.head_dim),
                       splitHeads(linear(x_BTD, weights.v), config.head_dim), weights, config, rope);
    }
    const at::Tensor all_BTAd = splitHeads(linear(x_BTD, {stacked_OD, {}}), config.head_dim);
    const at::Tensor value_BTKd = all_BTAd.narrow(2, heads + kv_heads, kv_heads);
    if (config.qk_norm) {
        return rotated(all_BTAd.narrow(2, 0, heads), all_BTAd.narrow(2, heads, kv_heads), value_BTKd, weights, config,
                       rope);
    }
    const at::Tensor turned_BTAd = applyRope(all_BTAd.narrow(2, 0, heads + kv_heads), rope);
    return {turned_BTAd.narrow(2, 0, heads), turned_BTAd.narrow(2, heads, kv_heads), value_BTKd};
}

// Attention of the last T of N tokens. T = N: plain causal; T = 1: everything is visible; otherwise a mask.
at::Tensor attend(const at::Tensor& query_BTHd, const at::Tensor& key_BNKd, const at::Tensor& value_BNKd) {
    const std::int64_t count = query_BTHd.size(1);
    const std::int64_t visible = key_BNKd.size(1);
    bool grouped = query_BTHd.size(2) != key_BNKd.size(2);
    const at::Tensor query_BHTd = query_BTHd.transpose(1, 2);
    at::Tensor key_BKNd = key_BNKd.transpose(1, 2);
    at::Tensor value_BKNd = value_BNKd.transpose(1, 2);
    if (count == 1) {
        // The query heads of one K/V head stand in for tokens: keys and values are read once per group.
        const std::int64_t group = query_BTHd.size(2) / key_BNKd.size(2);
        const at::Tensor query_BKGd = query_BTHd.squeeze(1).unflatten(1, {-1, group});
        const at::Tensor mixed_BKGd = at::scaled_dot_product_attention(query_BKGd, key_BKNd, value_BKNd);
        return mixed_BKGd.flatten(1, 2).unsqueeze(1);
    }
    if (grouped && query_BTHd.is_cuda() && query_BTHd.scalar_type() == at::kFloat) {
        // The only fused attention that takes fp32 there knows no groups; without it every score is written out.
        const std::int64_t group = query_BTHd.size(2) / key_BNKd.size(2);
        key_BKNd = key_BKNd.repeat_interleave(group, 1);
        value_BKNd = value_BKNd.repeat_interleave(group, 1);
        grouped = false;
    }
    c10::optional<at::Tensor> mask_TN;
    if (count != visible) {
        mask_TN = at::ones({count, visible}, query_BTHd.options().dtype(at::kBool)).tril(visible - count);
    }
    const at::Tensor mixed_BHTd = at::scaled_dot_product_attention(query_BHTd, key_BKNd, value_BKNd, mask_TN, 0.0,
                                                                   count == visible, c10::nullopt, grouped);
    return mixed_BHTd.transpose(1, 2);
}

}  // namespace

at::Tensor rmsNorm(const at::Tensor& x_BTD, const at::Tensor& weight_D, double eps) {
    const at::ScalarType dtype = x_BTD.scalar_type();
    const at::Tensor weight = weight_D.to(wide(dtype));
    return at::rms_norm(x_BTD.to(wide(dtype)), x_BTD.sizes().slice(x_BTD.dim() - 1), weight, eps).to(dtype);
}

at::Tensor linear(const at::Tensor& x_BTI, const Linear& weights) {
    const at::Tensor x = x_BTI.to(weights.weight_OI.scalar_type());
    if (!weights.bias_O.defined()) return product(x, weights.weight_OI);
    if (x.is_cuda()) return at::linear(x, weights.weight_OI, weights.bias_O);  // one kernel there
    return product(x, weights.weight_OI) + weights.bias_O;
}

at::Tensor splitHeads(const at::Tensor& x_BTO, std::int64_t head_dim) {
    return x_BTO.unflatten(-1, {x_BTO.size(-1) / head_dim, head_dim});
}

at::Tensor softmaxMixer(const at::Tensor& normed_BTD, const AttentionWeights& weights, const ModelConfig& config,
                        const Rope& rope, KvCache* cache) {
    const at::Tensor x_BTD = normed_BTD.to(weights.q.weight_OI.scalar_type());
    const std::int64_t count = x_BTD.size(1);
    const std::int64_t first = cache ? cache->used : 0;
    Projected p = project(x_BTD, weights, config, ropeSlice(rope, first, count));
    if (cache) append(*cache, p.key_BTKd, p.value_BTKd);
    if (first > 0) {
        p.key_BTKd = cache->key_BTKd.narrow(1, 0, cache->used);
        p.value_BTKd = cache->value_BTKd.narrow(1, 0, cache->used);
    }
    const at::Tensor mixed_BTHd = attend(p.query_BTHd, p.key_BTKd, p.value_BTKd);
    return linear(mixed_BTHd.flatten(2), weights.o);
}

at::Tensor swigluMlp(const at::Tensor& normed_BTD, const MlpWeights& weights) {
    const at::Tensor x_BTD = normed_BTD.to(weights.gate_ID.scalar_type());
    const std::int64_t width = weights.gate_ID.size(0);
    const at::Tensor stacked_OD = stackedRows({weights.gate_ID, weights.up_ID});
    if (!stacked_OD.defined()) {
        return product(at::silu(product(x_BTD, weights.gate_ID)) * product(x_BTD, weights.up_ID), weights.down_DI);
    }
    const at::Tensor both_BTO = product(x_BTD, stacked_OD);
    const at::Tensor gate_BTI = both_BTO.narrow(-1, 0, width);
    const at::Tensor up_BTI = both_BTO.narrow(-1, width, width);
    if (c10::GradMode::is_enabled() && x_BTD.requires_grad()) {
        return product(at::silu(gate_BTI) * up_BTI, weights.down_DI);
    }
    at::Tensor active_BTI = at::silu(gate_BTI);
    active_BTI.mul_(up_BTI);
    return product(active_BTI, weights.down_DI);
}

}  // namespace fm
