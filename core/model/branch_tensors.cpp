#include "core/model/branch_tensors.h"

#include <map>

namespace fm {

namespace {

using Shape = std::vector<std::int64_t>;

Shape queryRows(const BranchSpec&, const ModelConfig& config) {
    return {config.num_heads * config.head_dim, config.hidden_size};
}
Shape keyRows(const BranchSpec& spec, const ModelConfig& config) {
    return {keyHeads(spec, config) * config.head_dim, config.hidden_size};
}
Shape headChannels(const BranchSpec&, const ModelConfig& config) { return {config.head_dim}; }
Shape outputColumns(const BranchSpec&, const ModelConfig& config) {
    return {config.hidden_size, config.num_heads * config.head_dim};
}

// Names follow FLA's gated_deltanet (export.md 2), so that an exporter renames little.
std::vector<BranchTensor> makeList(const Mixer& mixer) {
    std::vector<BranchTensor> list = {{{"q_proj.weight", TensorRole::Projection, queryRows}, &BranchWeights::q_OD},
                                      {{"k_proj.weight", TensorRole::Projection, keyRows}, &BranchWeights::k_OD},
                                      {{"v_proj.weight", TensorRole::Projection, keyRows}, &BranchWeights::v_OD}};
    for (std::size_t i = 0; i < mixer.tensors.size(); ++i) list.push_back({mixer.tensors[i], nullptr, i});
    list.push_back({{"g_proj.weight", TensorRole::Projection, queryRows}, &BranchWeights::z_OD});
    list.push_back({{"o_norm.weight", TensorRole::HeadVector, headChannels}, &BranchWeights::out_norm_d});
    list.push_back({{"o_proj.weight", TensorRole::Matrix, outputColumns}, &BranchWeights::o_DO});
    return list;
}

struct Lists {
    std::vector<BranchTensor> all, projections;
};

Lists makeLists(const Mixer& mixer) {
    Lists lists{makeList(mixer), {}};
    for (const bool shared : {true, false})
        for (const BranchTensor& tensor : lists.all)
            if (tensor.about.role == TensorRole::Projection && (tensor.shared != nullptr) == shared)
                lists.projections.push_back(tensor);
    return lists;
}

const Lists& listsOf(const Mixer& mixer) {
    static const std::map<const Mixer*, Lists> lists = [] {
        std::map<const Mixer*, Lists> made;
        for (const Mixer* kind : mixers()) made.emplace(kind, makeLists(*kind));
        return made;
    }();
    return lists.at(&mixer);
}

}  // namespace

const std::vector<BranchTensor>& tensorsOf(const Mixer& mixer) { return listsOf(mixer).all; }
const std::vector<BranchTensor>& projectionsOf(const Mixer& mixer) { return listsOf(mixer).projections; }

}  // namespace fm
