#include "core/model/branch.h"

#include <ATen/ATen.h>

#include "core/model/branch_cast.h"
#include "core/model/branch_forward.h"

namespace fm {

namespace {

using LayerVisitor = std::function<void(const char* name, at::Tensor& tensor, bool trained)>;

// Names follow FLA's gated_deltanet (export.md 2), so that an exporter renames little.
void forEachOfLayer(BranchWeights& w, const LayerVisitor& visit) {
    const auto visitDefined = [&visit](const char* name, at::Tensor& tensor, bool trained) {
        if (tensor.defined()) visit(name, tensor, trained);
    };
    visitDefined("q_proj.weight", w.q_OD, true);
    visitDefined("k_proj.weight", w.k_OD, true);
    visitDefined("v_proj.weight", w.v_OD, true);
    visitDefined("a_proj.weight", w.a_HD, true);
    visitDefined("b_proj.weight", w.b_HD, true);
    visitDefined("A_log", w.A_log_H, true);
    visitDefined("dt_bias", w.dt_bias_H, true);
    visitDefined("log_decay", w.log_decay_H, false);
    visitDefined("g_proj.weight", w.z_OD, true);
    visitDefined("o_norm.weight", w.out_norm_d, true);
    visitDefined("o_proj.weight", w.o_DO, true);
}

void forEachOfSet(BranchSet& set, bool trained_only, const BranchTensorVisitor& visit) {
    for (std::size_t l = 0; l < set.layers.size(); ++l) {
        const std::string prefix = "layers." + std::to_string(l) + ".";
        forEachOfLayer(set.layers[l], [&](const char* name, at::Tensor& tensor, bool trained) {
            if (trained || !trained_only) visit(prefix + name, tensor);
        });
    }
}

BranchWeights emptyLayer(const BranchSpec& spec, const ModelConfig& config) {
    const std::int64_t width = config.hidden_size, heads = config.num_heads, d = config.head_dim;
    const std::int64_t kv_heads = spec.expanded_kv ? heads : config.num_kv_heads;
    const auto shaped = [](at::IntArrayRef shape) { return at::empty(shape, at::kFloat); };
    BranchWeights w;
    w.q_OD = shaped({heads * d, width});
    w.k_OD = shaped({kv_heads * d, width});
    w.v_OD = shaped({kv_heads * d, width});
    w.z_OD = shaped({heads * d, width});
    w.out_norm_d = shaped({d});
    w.o_DO = shaped({width, heads * d});
    if (spec.kind == BranchKind::Gdn) {
        w.a_HD = shaped({heads, width});
        w.b_HD = shaped({heads, width});
        w.A_log_H = shaped({heads});
        w.dt_bias_H = shaped({heads});
    } else {
        w.log_decay_H = shaped({heads});
    }
    return w;
}

}  // namespace

const char* toString(BranchKind kind) { return kind == BranchKind::Gdn ? "gdn" : "lightning"; }
const char* toString(BranchForm form) { return form == BranchForm::Exportable ? "exportable" : "plain"; }

void forEachTensor(BranchSet& set, const BranchTensorVisitor& visit) { forEachOfSet(set, false, visit); }
void forEachTrainable(BranchSet& set, const BranchTensorVisitor& visit) { forEachOfSet(set, true, visit); }

BranchSet emptyBranches(const BranchSpec& spec, const ModelConfig& config) {
    BranchSet set;
    set.spec = spec;
    for (std::int64_t l = 0; l < config.num_layers; ++l) set.layers.push_back(emptyLayer(spec, config));
    return set;
}

BranchSet castBranches(const BranchSet& set, at::Device device, at::ScalarType dtype) {
    BranchSet out = set;
    // norm weights, decays and their biases decide exponents: they keep full precision (DESIGN 5)
    const at::ScalarType vector_dtype = dtype == at::kDouble ? at::kDouble : at::kFloat;
    forEachTensor(out, [&](const std::string&, at::Tensor& tensor) {
        tensor = tensor.detach().to(device, tensor.dim() == 1 ? vector_dtype : dtype);
    });
    for (BranchWeights& layer : out.layers) layer = stackProjections(layer);
    return out;
}

}  // namespace fm
