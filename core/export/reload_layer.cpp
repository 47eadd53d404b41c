#include "core/export/reload_layer.h"

#include <ATen/ATen.h>

#include <cmath>

namespace fm {

at::Tensor meanSquareNorm(const at::Tensor& x, double eps) { return x / (x.pow(2).mean(-1, true) + eps).sqrt(); }

at::Tensor ReloadLayer::project(const at::Tensor& x, const std::string& name) const {
    const at::Tensor y = at::matmul(x, take(name + ".weight").t());
    return tensors.stores(at + name + ".bias") ? y + take(name + ".bias") : y;
}

at::Tensor reloadDeltaRule(const ReloadLayer& layer, const at::Tensor& q_BTO, const at::Tensor& k_BTO,
                           const at::Tensor& v_BTO, const at::Tensor& a_BTH, const at::Tensor& b_BTH) {
    constexpr double kUnitEps = 1e-6;  // fixed in both formats
    const ReloadConfig& config = layer.config;
    const std::int64_t group = config.value_heads / config.key_heads;
    const auto unitHeads = [&](const at::Tensor& x_BTO) {
        const at::Tensor x = x_BTO.unflatten(-1, {config.key_heads, config.key_dim});
        return (x / (x.pow(2).sum(-1, true) + kUnitEps).sqrt()).repeat_interleave(group, 2);
    };
    const at::Tensor q = unitHeads(q_BTO) / std::sqrt(static_cast<double>(config.key_dim));
    const at::Tensor k = unitHeads(k_BTO);
    const at::Tensor v = v_BTO.unflatten(-1, {config.value_heads, config.value_dim});
    const at::Tensor keep = (-layer.take("A_log").exp() * at::softplus(a_BTH + layer.take("dt_bias"))).exp();
    const at::Tensor write = b_BTH.sigmoid();
    at::Tensor state_BHkv = at::zeros({q.size(0), q.size(2), q.size(3), v.size(3)}, q.options());
    std::vector<at::Tensor> out_BHv;
    for (std::int64_t t = 0; t < q.size(1); ++t) {
        const at::Tensor k_BHk = k.select(1, t);
        state_BHkv = state_BHkv * keep.select(1, t).unsqueeze(-1).unsqueeze(-1);
        const at::Tensor known_BHv = at::einsum("bhk,bhkv->bhv", {k_BHk, state_BHkv});
        const at::Tensor news_BHv = (v.select(1, t) - known_BHv) * write.select(1, t).unsqueeze(-1);
        state_BHkv = state_BHkv + k_BHk.unsqueeze(-1) * news_BHv.unsqueeze(-2);
        out_BHv.push_back(at::einsum("bhk,bhkv->bhv", {q.select(1, t), state_BHkv}));
    }
    return meanSquareNorm(at::stack(out_BHv, 1), config.eps);
}

}  // namespace fm
