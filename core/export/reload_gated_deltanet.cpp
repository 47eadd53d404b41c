#include <ATen/ATen.h>

#include <nlohmann/json.hpp>

#include "core/export/reload_mixers.h"

namespace fm {

namespace reload_gdn {
namespace {

void read(const HfFields& fields, ReloadConfig& config) {
    mustBe(fields, "use_gate", true);
    mustBe(fields, "allow_neg_eigval", false);
    mustBe(fields, "num_v_heads", nullptr);
    config.key_heads = config.value_heads = sizeOf(fields, "num_heads");
    config.key_dim = config.value_dim = sizeOf(fields, "head_dim");
}

void require(const std::string& at, const ReloadConfig& c, std::vector<NamedShape>& out) {
    for (const char* name : {"q_proj.weight", "k_proj.weight"}) out.push_back({at + name, {c.keyRows(), c.width}});
    for (const char* name : {"v_proj.weight", "g_proj.weight"}) out.push_back({at + name, {c.valueRows(), c.width}});
    for (const char* name : {"a_proj.weight", "b_proj.weight"}) out.push_back({at + name, {c.value_heads, c.width}});
    for (const char* name : {"A_log", "dt_bias"}) out.push_back({at + name, {c.value_heads}});
    out.push_back({at + "o_norm.weight", {c.value_dim}});
    out.push_back({at + "o_proj.weight", {c.width, c.valueRows()}});
}

at::Tensor run(const ReloadLayer& layer, const at::Tensor& x_BTD) {
    const auto active = [&](const char* name) { return at::silu(layer.project(x_BTD, name)); };
    const at::Tensor normed_BTHd = reloadDeltaRule(layer, active("q_proj"), active("k_proj"), active("v_proj"),
                                                   layer.project(x_BTD, "a_proj"), layer.project(x_BTD, "b_proj"));
    const at::Tensor out_BTO = (normed_BTHd * layer.take("o_norm.weight")).flatten(2);
    return layer.project(out_BTO * active("g_proj"), "o_proj");
}

}  // namespace
}  // namespace reload_gdn

const FlaMixer& reloadGatedDeltanet() {
    static const FlaMixer mixer = {"gated_deltanet", "GatedDeltaNetForCausalLM", reload_gdn::read, reload_gdn::require,
                                   reload_gdn::run};
    return mixer;
}

}  // namespace fm
