// One layer of an exported folder as its format defines it, in float64 and token by token: the parts that formats
// share.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "core/export/reload_tensors.h"

namespace fm {

struct ReloadLayer {
    const ReloadConfig& config;
    const ReloadTensors& tensors;
    std::string at;  // prefix of the layer's tensors, "model.layers.3.attn."

    at::Tensor take(const std::string& name) const { return tensors.take(at + name); }
    at::Tensor project(const at::Tensor& x, const std::string& name) const;  // with a bias where there is one
};

at::Tensor meanSquareNorm(const at::Tensor& x, double eps);

// S <- exp(g) S; S <- S + beta k (x) (v - k^T S); o = q^T S, then RMSNorm(o); g from A_log, dt_bias and a, beta from b.
// The inputs have passed SiLU; q and k are normalised here.
at::Tensor reloadDeltaRule(const ReloadLayer& layer, const at::Tensor& q_BTO, const at::Tensor& k_BTO,
                           const at::Tensor& v_BTO, const at::Tensor& a_BTH, const at::Tensor& b_BTH);

}  // namespace fm
