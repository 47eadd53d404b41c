#include "core/model/branch_stacked.h"

#include <ATen/ATen.h>

#include "core/base/assert.h"
#include "core/model/branch_forward.h"

namespace fm {

namespace {

// [G,B,T,I] x [G,O,I] -> [G,B,T,O]
at::Tensor stackedProduct(const at::Tensor& x_GBTI, const at::Tensor& weight_GOI) {
    const at::Tensor y = at::bmm(x_GBTI.flatten(1, 2), weight_GOI.transpose(1, 2));
    return y.unflatten(1, {x_GBTI.size(1), x_GBTI.size(2)});
}

BranchHeads joinLayersAndBatch(const BranchHeads& heads) {
    BranchHeads joined = heads;
    for (at::Tensor* t : {&joined.q_BTHd, &joined.k_BTHd, &joined.v_BTHd, &joined.g_BTH, &joined.beta_BTH})
        if (t->defined()) *t = t->flatten(0, 1);
    return joined;
}

}  // namespace

BranchWeights workingCopy(const BranchWeights& masters, at::ScalarType dtype) {
    BranchWeights w = masters;
    for (at::Tensor* t : {&w.q_OD, &w.k_OD, &w.v_OD, &w.z_OD, &w.o_DO, &w.a_HD, &w.b_HD})
        if (t->defined()) *t = t->to(dtype);
    return w;
}

BranchWeights stackLayers(const std::vector<BranchWeights>& layers, at::ScalarType dtype) {
    const auto stacked = [&layers](at::Tensor BranchWeights::*member) {
        std::vector<at::Tensor> tensors;
        for (const BranchWeights& layer : layers) tensors.push_back(layer.*member);
        return at::stack(tensors);
    };
    BranchWeights w;
    for (at::Tensor BranchWeights::*matrix :
         {&BranchWeights::q_OD, &BranchWeights::k_OD, &BranchWeights::v_OD, &BranchWeights::z_OD, &BranchWeights::o_DO,
          &BranchWeights::a_HD, &BranchWeights::b_HD})
        if ((layers[0].*matrix).defined()) w.*matrix = stacked(matrix).to(dtype);
    const std::int64_t count = static_cast<std::int64_t>(layers.size());
    w.out_norm_d = stacked(&BranchWeights::out_norm_d).view({count, 1, 1, 1, -1});
    if (layers[0].A_log_H.defined()) {
        w.A_log_H = stacked(&BranchWeights::A_log_H).view({count, 1, 1, -1});
        w.dt_bias_H = stacked(&BranchWeights::dt_bias_H).view({count, 1, 1, -1});
    }
    w.log_decay_H = layers[0].log_decay_H;
    for ([[maybe_unused]] const BranchWeights& layer : layers)
        FM_ASSERT(!layer.log_decay_H.defined() || at::equal(layer.log_decay_H, w.log_decay_H),
                  "branches stacked in one product share their decays");
    return w;
}

at::Tensor linearMixerStacked(const at::Tensor& normed_GBTD, const BranchWeights& w, const BranchSpec& spec,
                              const ModelConfig& config) {
    const at::Tensor x = normed_GBTD.to(w.q_OD.scalar_type());
    BranchProjections p;
    p.q_BTO = stackedProduct(x, w.q_OD);
    p.k_BTO = stackedProduct(x, w.k_OD);
    p.v_BTO = stackedProduct(x, w.v_OD);
    p.z_BTO = stackedProduct(x, w.z_OD);
    if (w.a_HD.defined()) {
        p.a_BTH = stackedProduct(x, w.a_HD);
        p.b_BTH = stackedProduct(x, w.b_HD);
    }
    const BranchHeads heads = joinLayersAndBatch(branchHeads(p, w, spec, config));
    const at::Tensor o = recurBranch(heads, w, spec, config, nullptr).unflatten(0, {x.size(0), x.size(1)});
    return stackedProduct(gateBranch(o, p.z_BTO, w, spec).to(w.o_DO.scalar_type()), w.o_DO);
}

}  // namespace fm
