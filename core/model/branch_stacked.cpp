#include "core/model/branch_stacked.h"

#include <ATen/ATen.h>

#include "core/base/assert.h"
#include "core/model/branch_forward.h"
#include "core/model/branch_tensors.h"

namespace fm {

namespace {

BranchHeads joinLayersAndBatch(const BranchHeads& heads) {
    BranchHeads joined = heads;
    for (at::Tensor* t : {&joined.q_BTHd, &joined.k_BTHd, &joined.v_BTHd}) *t = t->flatten(0, 1);
    for (at::Tensor& control : joined.controls)
        if (control.dim() > 1) control = control.flatten(0, 1);  // a constant has neither layers nor tokens
    return joined;
}

// [G, ...] to broadcast over batch and tokens, and over heads where all share the vector.
at::Tensor broadcastable(const at::Tensor& stacked, TensorRole role) {
    if (role == TensorRole::HeadVector) return stacked.view({stacked.size(0), 1, 1, 1, -1});
    return stacked.view({stacked.size(0), 1, 1, -1});
}

at::Tensor sharedConstant(const std::vector<BranchWeights>& layers, const BranchTensor& tensor) {
    for (const BranchWeights& layer : layers)
        FM_ASSERT(at::equal(tensor.in(layer), tensor.in(layers[0])),
                  "branches stacked in one product share their constants");
    return tensor.in(layers[0]);
}

}  // namespace

BranchWeights workingCopy(const BranchWeights& masters, const Mixer& kind, at::ScalarType dtype) {
    BranchWeights w = masters;
    for (const BranchTensor& tensor : tensorsOf(kind))
        if (isMatrix(tensor.about.role)) tensor.in(w) = tensor.in(w).to(dtype);
    return w;
}

BranchWeights stackLayers(const std::vector<BranchWeights>& layers, const Mixer& kind, at::ScalarType dtype) {
    BranchWeights w;
    w.own.resize(kind.tensors.size());
    for (const BranchTensor& tensor : tensorsOf(kind)) {
        if (tensor.about.role == TensorRole::Constant) {
            tensor.in(w) = sharedConstant(layers, tensor);
            continue;
        }
        std::vector<at::Tensor> parts;
        for (const BranchWeights& layer : layers) parts.push_back(tensor.in(layer));
        const at::Tensor stacked = at::stack(parts);
        tensor.in(w) = isMatrix(tensor.about.role) ? stacked.to(dtype) : broadcastable(stacked, tensor.about.role);
    }
    return w;
}

at::Tensor linearMixerStacked(const at::Tensor& normed_GBTD, const BranchWeights& w, const BranchSpec& spec,
                              const ModelConfig& config) {
    const at::Tensor x = normed_GBTD.to(w.q_OD.scalar_type());
    std::vector<at::Tensor> outputs;
    for (const at::Tensor& matrix : projectionMatrices(w, *spec.kind)) outputs.push_back(branchProduct(x, matrix));
    const BranchProjections p = projectionsFrom(std::move(outputs));
    const BranchHeads heads = joinLayersAndBatch(branchHeads(p, w, spec, config));
    const at::Tensor o = recurBranch(heads, spec, config, nullptr).unflatten(0, {x.size(0), x.size(1)});
    return branchProduct(gateBranch(o, p.z_BTO, w, spec).to(w.o_DO.scalar_type()), w.o_DO);
}

}  // namespace fm
