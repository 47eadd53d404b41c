#include <ATen/ATen.h>

#include <cmath>

#include <nlohmann/json.hpp>

#include "core/export/reload_mixers.h"

namespace fm {

namespace reload_gla {
namespace {

constexpr std::int64_t kRank = 16;  // both fixed in the class
constexpr double kGateNormalizer = 16.0;

void read(const HfFields& fields, ReloadConfig& config) {
    mustBe(fields, "expand_k", 1.0);
    mustBe(fields, "feature_map", nullptr);
    mustBe(fields, "use_output_gate", true);
    mustBe(fields, "use_gk", true);
    mustBe(fields, "use_gv", false);
    mustBe(fields, "clamp_min", nullptr);
    mustBe(fields, "elementwise_affine", true);
    mustBe(fields, "fuse_norm", true);
    config.value_heads = sizeOf(fields, "num_heads");
    config.key_heads = fields.find("num_kv_heads") == nullptr ? config.value_heads : sizeOf(fields, "num_kv_heads");
    if (config.width % config.value_heads != 0) fields.fail("num_heads", "must divide hidden_size");
    config.key_dim = config.value_dim = config.width / config.value_heads;
}

// q and the gate have the width of all heads, k, v and the decays that of the K/V heads.
void require(const std::string& at, const ReloadConfig& c, std::vector<NamedShape>& out) {
    for (const char* name : {"q_proj.weight", "g_proj.weight"}) out.push_back({at + name, {c.valueRows(), c.width}});
    for (const char* name : {"k_proj.weight", "v_proj.weight"}) out.push_back({at + name, {c.keyRows(), c.width}});
    out.push_back({at + "gk_proj.0.weight", {kRank, c.width}});
    out.push_back({at + "gk_proj.1.weight", {c.keyRows(), kRank}});
    out.push_back({at + "gk_proj.1.bias", {c.keyRows()}});
    out.push_back({at + "g_norm_swish_gate.weight", {c.value_dim}});
    out.push_back({at + "o_proj.weight", {c.width, c.valueRows()}});
}

// S <- diag(exp(g)) S + k (x) v; o = q^T S, then RMSNorm(o); g = logsigmoid(gk) / 16.
at::Tensor run(const ReloadLayer& layer, const at::Tensor& x_BTD) {
    const ReloadConfig& c = layer.config;
    const auto heads = [&](const at::Tensor& x_BTO) {
        const at::Tensor split = x_BTO.unflatten(-1, {-1, c.key_dim});
        return split.repeat_interleave(c.value_heads / split.size(2), 2);
    };
    const at::Tensor q = heads(layer.project(x_BTD, "q_proj")) / std::sqrt(static_cast<double>(c.key_dim));
    const at::Tensor k = heads(layer.project(x_BTD, "k_proj")), v = heads(layer.project(x_BTD, "v_proj"));
    const at::Tensor gk_BTO = layer.project(layer.project(x_BTD, "gk_proj.0"), "gk_proj.1");
    const at::Tensor keep = heads(at::log_sigmoid(gk_BTO) / kGateNormalizer).exp();
    at::Tensor state_BHkv = at::zeros({q.size(0), q.size(2), q.size(3), v.size(3)}, q.options());
    std::vector<at::Tensor> out_BHv;
    for (std::int64_t t = 0; t < q.size(1); ++t) {
        state_BHkv =
            state_BHkv * keep.select(1, t).unsqueeze(-1) + k.select(1, t).unsqueeze(-1) * v.select(1, t).unsqueeze(-2);
        out_BHv.push_back(at::einsum("bhk,bhkv->bhv", {q.select(1, t), state_BHkv}));
    }
    const at::Tensor normed_BTHd = meanSquareNorm(at::stack(out_BHv, 1), c.eps);
    const at::Tensor out_BTO = (normed_BTHd * layer.take("g_norm_swish_gate.weight")).flatten(2);
    return layer.project(out_BTO * at::silu(layer.project(x_BTD, "g_proj")), "o_proj");
}

}  // namespace
}  // namespace reload_gla

const FlaMixer& reloadGla() {
    static const FlaMixer mixer = {"gla", "GLAForCausalLM", reload_gla::read, reload_gla::require, reload_gla::run};
    return mixer;
}

}  // namespace fm
