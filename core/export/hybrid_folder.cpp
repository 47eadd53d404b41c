#include "core/export/hybrid_folder.h"

#include <ATen/ATen.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/regular_file.h"
#include "core/base/temporary_file.h"
#include "core/formats/safetensors.h"
#include "core/model/branch_cast.h"
#include "core/model/tensor_bytes.h"
#include "core/plan/plan_spelling.h"

namespace fm {

namespace fs = std::filesystem;

namespace {

// In the hybrid's precision: an fp32 master may differ from a bf16 tensor by less than bf16 can tell.
bool sameValues(const at::Tensor& teacher, const at::Tensor& hybrid) {
    return hybrid.is_same(teacher) || at::equal(hybrid, teacher.to(hybrid.scalar_type()));
}

// Bytes and names of what changed; `hasher` learns them.
void writeChanged(const std::string& path, DecoderWeights& teacher, DecoderWeights& hybrid, Hasher& hasher) {
    std::map<std::string, at::Tensor> before;
    forEachTensor(teacher, [&](const std::string& name, at::Tensor& tensor) { before[name] = tensor; });
    std::vector<at::Tensor> alive;
    std::vector<TensorToWrite> entries;
    forEachTensor(hybrid, [&](const std::string& name, at::Tensor& tensor) {
        if (sameValues(before.at(name), tensor)) return;
        alive.push_back(tensor.detach().cpu().contiguous());
        entries.push_back(describeTensor(name, alive.back()));
        hasher.update(name.data(), name.size());
        hasher.update(alive.back().const_data_ptr(), alive.back().nbytes());
    });
    writeSafetensors(path, entries);
}

nlohmann::json readHead(const std::string& path, const std::string& teacher_hash, std::int64_t num_layers) {
    constexpr std::uint64_t most_bytes = 1 << 20;
    const nlohmann::json head = nlohmann::json::parse(readRegularFile(path, most_bytes), nullptr, false);
    const bool complete = head.is_object() && head.value("plan", nlohmann::json()).is_string() &&
                          head.value("teacher_hash", nlohmann::json()).is_string();
    if (!complete) throw FormatError(path + ": plan, teacher_hash: missing, so this is no hybrid");
    if (head.at("teacher_hash") != teacher_hash) {
        throw FormatError(path + ": teacher_hash: the hybrid was made from another teacher");
    }
    const std::string plan = head.at("plan").get<std::string>();
    if (static_cast<std::int64_t>(plan.size()) != num_layers) {
        throw FormatError(path + ": plan: has another number of layers than the teacher");
    }
    if (plan.find_first_not_of("FL") != std::string::npos) {
        throw FormatError(path + ": plan: holds letters other than F and L");
    }
    return head;
}

}  // namespace

std::string writeHybrid(const std::string& hybrids_folder, DecoderWeights teacher, RecoveredHybrid hybrid,
                        const std::string& teacher_hash) {
    makeFolders(hybrids_folder);
    removeLeftovers(hybrids_folder);
    const TemporaryFolder making(hybrids_folder + "/making");
    const fs::path temporary = making.path();
    Hasher hasher;
    writeChanged((temporary / "weights.safetensors").string(), teacher, hybrid.weights, hasher);
    hybrid.branches.teacher_hash = teacher_hash;
    saveBranches(hybrid.branches, (temporary / "branches.safetensors").string());
    const std::string rest = hybrid.branches.id + hybrid.plan.key() + teacher_hash;
    hasher.update(rest.data(), rest.size());
    const nlohmann::json head = {{"plan", hybrid.plan.key()}, {"teacher_hash", teacher_hash}};
    writeFileAtomically((temporary / "hybrid.json").string(), head.dump(2) + "\n");
    const std::string id = hasher.hex();
    const fs::path target = fs::path(hybrids_folder) / id;
    // Where the name is taken, the same bytes are there already.
    const int error_number = renameToFreeName(temporary.string(), target.string());
    if (error_number != 0 && error_number != EEXIST)
        throw WorldError(fileErrorText(target.string(), "renaming the finished hybrid", error_number));
    syncFolderOf(target.string());  // before study.json names it
    return id;
}

RecoveredHybrid readHybrid(const std::string& folder, const DecoderWeights& teacher, const std::string& teacher_hash) {
    const fs::path path(folder);
    const nlohmann::json head = readHead((path / "hybrid.json").string(), teacher_hash, teacher.config.num_layers);
    RecoveredHybrid hybrid;
    hybrid.plan = planFromKey(head.at("plan").get<std::string>());
    const at::Device device = teacher.embed_VD.device();
    const at::ScalarType dtype = teacher.layers[0].attn.q.weight_OI.scalar_type();
    hybrid.branches = castBranches(
        loadBranches((path / "branches.safetensors").string(), teacher.config, device, at::kFloat), device, dtype);
    const std::string weights_path = (path / "weights.safetensors").string();
    const SafetensorsFile file = SafetensorsFile::open(weights_path);
    hybrid.weights = teacher;
    std::size_t used = 0;
    forEachTensor(hybrid.weights, [&](const std::string& name, at::Tensor& tensor) {
        const TensorView* view = file.find(name);
        if (view == nullptr) return;
        if (at::IntArrayRef(view->shape) != tensor.sizes()) {
            throw FormatError(weights_path + ": " + name + ": has another shape than the teacher's");
        }
        tensor = tensorFromView(*view, weights_path).to(tensor.options());
        ++used;
    });
    if (used != file.tensors().size())
        throw FormatError(weights_path + ": holds tensors that the teacher does not have");
    if (teacher.config.tie_embeddings) hybrid.weights.head_VD = hybrid.weights.embed_VD;
    return hybrid;
}

}  // namespace fm
