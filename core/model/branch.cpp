#include "core/model/branch.h"

#include <ATen/ATen.h>

#include "core/model/branch_cast.h"
#include "core/model/branch_forward.h"
#include "core/model/branch_tensors.h"

namespace fm {

namespace {

void forEachOfSet(BranchSet& set, bool trained_only, const BranchTensorVisitor& visit) {
    for (std::size_t l = 0; l < set.layers.size(); ++l) {
        const std::string prefix = "layers." + std::to_string(l) + ".";
        for (const BranchTensor& tensor : tensorsOf(*set.spec.kind))
            if (!trained_only || tensor.about.role != TensorRole::Constant)
                visit(prefix + tensor.about.name, tensor.in(set.layers[l]));
    }
}

BranchWeights emptyLayer(const BranchSpec& spec, const ModelConfig& config) {
    BranchWeights w;
    w.own.resize(spec.kind->tensors.size());
    for (const BranchTensor& tensor : tensorsOf(*spec.kind))
        tensor.in(w) = at::empty(tensor.about.shape(spec, config), at::kFloat);
    return w;
}

}  // namespace

const char* toString(BranchForm form) { return form == BranchForm::Exportable ? "exportable" : "plain"; }

void forEachTensor(BranchSet& set, const BranchTensorVisitor& visit) { forEachOfSet(set, false, visit); }
void forEachTrainable(BranchSet& set, const BranchTensorVisitor& visit) { forEachOfSet(set, true, visit); }

BranchSet emptyBranches(const BranchSpec& spec, const ModelConfig& config) {
    BranchSet set;
    set.spec = spec;
    for (std::int64_t l = 0; l < config.num_layers; ++l) set.layers.push_back(emptyLayer(spec, config));
    return set;
}

std::int64_t keyHeads(const BranchSpec& spec, const ModelConfig& config) {
    return spec.expanded_kv ? config.num_heads : config.num_kv_heads;
}

BranchSet castBranches(const BranchSet& set, at::Device device, at::ScalarType dtype) {
    BranchSet out = set;
    // norm weights, decays and their biases decide exponents: they keep full precision (DESIGN 5)
    const at::ScalarType vector_dtype = dtype == at::kDouble ? at::kDouble : at::kFloat;
    for (BranchWeights& layer : out.layers) {
        for (const BranchTensor& tensor : tensorsOf(*set.spec.kind)) {
            at::Tensor& t = tensor.in(layer);
            t = t.detach().to(device, isMatrix(tensor.about.role) ? dtype : vector_dtype);
        }
        layer = stackProjections(layer, *set.spec.kind);
    }
    return out;
}

}  // namespace fm
