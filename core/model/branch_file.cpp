#include <ATen/ATen.h>

#include <nlohmann/json.hpp>
#include <set>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/formats/safetensors.h"
#include "core/model/branch.h"
#include "core/model/branch_cast.h"
#include "core/model/branch_tensors.h"
#include "core/model/tensor_bytes.h"

namespace fm {

namespace {

constexpr const char* kSpecKey = "flashmorph_branches";

nlohmann::json specJson(const BranchSet& set) {
    return {{"kind", set.spec.kind->name},   {"form", toString(set.spec.form)},  {"expanded_kv", set.spec.expanded_kv},
            {"norm_eps", set.spec.norm_eps}, {"teacher_hash", set.teacher_hash}, {"layers", set.layers.size()}};
}

// Of what decides the outputs: spec, names, types, shapes and bytes, in file order.
std::string contentId(const std::string& spec_text, const std::vector<TensorToWrite>& entries,
                      const std::vector<at::Tensor>& tensors) {
    Hasher hasher;
    const auto add = [&hasher](const std::string& text) { hasher.update(text.data(), text.size() + 1); };
    add(spec_text);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        add(entries[i].name);
        add(fm::toString(entries[i].dtype));
        for (const std::int64_t extent : entries[i].shape) add(std::to_string(extent));
        hasher.update(entries[i].data, tensors[i].nbytes());
    }
    return hasher.hex();
}

[[noreturn]] void fail(const std::string& path, const std::string& what) {
    throw FormatError(path + ": " + kSpecKey + ": " + what + "; restore the file from a copy or align again");
}

template <class Value>
Value member(const std::string& path, const nlohmann::json& json, const char* key,
             bool (nlohmann::json::*is_right)() const noexcept) {
    const auto found = json.find(key);
    if (found == json.end() || !((*found).*is_right)()) fail(path, std::string(key) + " is missing or of another kind");
    return found->get<Value>();
}

const Mixer* parseKind(const std::string& path, const nlohmann::json& json) {
    const std::string name = member<std::string>(path, json, "kind", &nlohmann::json::is_string);
    if (const Mixer* kind = findMixer(name)) return kind;
    fail(path, "kind \"" + name + "\" is not known");
}

BranchForm parseForm(const std::string& path, const nlohmann::json& json) {
    const std::string text = member<std::string>(path, json, "form", &nlohmann::json::is_string);
    for (const BranchForm form : {BranchForm::Exportable, BranchForm::Plain})
        if (text == toString(form)) return form;
    fail(path, "form \"" + text + "\" is not known");
}

BranchSet parseHeader(const std::string& path, const std::string& text, std::int64_t num_layers) {
    using Json = nlohmann::json;
    BranchSet set;
    const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) fail(path, "is not a JSON object");
    set.spec.kind = parseKind(path, json);
    set.spec.form = parseForm(path, json);
    set.spec.expanded_kv = member<bool>(path, json, "expanded_kv", &Json::is_boolean);
    set.spec.norm_eps = member<double>(path, json, "norm_eps", &Json::is_number);
    if (!(set.spec.norm_eps >= 0 && set.spec.norm_eps < 1)) fail(path, "norm_eps is not from 0 to 1");
    set.teacher_hash = member<std::string>(path, json, "teacher_hash", &Json::is_string);
    const std::uint64_t layers = member<std::uint64_t>(path, json, "layers", &Json::is_number_unsigned);
    if (layers != static_cast<std::uint64_t>(num_layers))
        fail(path, "has " + std::to_string(layers) + " layers where the teacher has " + std::to_string(num_layers));
    return set;
}

void readTensors(const std::string& path, const SafetensorsFile& file, BranchSet& set) {
    std::string problems;
    std::set<std::string> wanted;
    forEachTensor(set, [&](const std::string& name, at::Tensor& tensor) {
        wanted.insert(name);
        const TensorView* view = file.find(name);
        if (!view) {
            problems += "; " + name + " is missing";
        } else if (at::IntArrayRef(view->shape) != tensor.sizes()) {
            problems += "; " + name + " has another shape than the teacher asks for";
        } else {
            tensor = tensorFromView(*view, path);
            if (!at::isFloatingType(tensor.scalar_type())) problems += "; " + name + " is not of a floating type";
        }
    });
    // layers are computed together, with one copy of what is constant
    for (const BranchTensor& tensor : tensorsOf(*set.spec.kind))
        for (const BranchWeights& layer : set.layers)
            if (tensor.about.role == TensorRole::Constant && problems.empty() &&
                !at::equal(tensor.in(layer), tensor.in(set.layers[0])))
                problems += std::string("; ") + tensor.about.name + " differs between layers";
    for (const TensorView& view : file.tensors())
        if (!wanted.count(view.name)) problems += "; " + view.name + " belongs to no branch";
    if (!problems.empty()) throw FormatError(path + ": not a branch set for this teacher" + problems);
}

struct Entries {
    std::vector<at::Tensor> tensors;  // keep the bytes alive
    std::vector<TensorToWrite> entries;
};

Entries entriesOf(BranchSet& set) {
    Entries out;
    forEachTensor(set, [&out](const std::string& name, at::Tensor& tensor) {
        out.tensors.push_back(tensor.detach().cpu().contiguous());
        out.entries.push_back(describeTensor(name, out.tensors.back()));
    });
    return out;
}

}  // namespace

// `pathFor` names the file by its content's id.
template <class PathFor>
static void save(BranchSet& set, const PathFor& pathFor) {
    const Entries entries = entriesOf(set);
    const std::string spec = specJson(set).dump();
    const std::string id = contentId(spec, entries.entries, entries.tensors);
    writeSafetensors(pathFor(id), entries.entries, {{kSpecKey, spec}, {"flashmorph_id", id}});
    set.id = id;
}

void saveBranches(BranchSet& set, const std::string& path) {
    save(set, [&path](const std::string&) { return path; });
}

void saveBranchesIn(BranchSet& set, const std::string& folder) {
    save(set, [&folder](const std::string& id) { return folder + "/" + id + ".safetensors"; });
}

BranchSet loadBranches(const std::string& path, const ModelConfig& config, at::Device device, at::ScalarType dtype) {
    const SafetensorsFile file = SafetensorsFile::open(path);
    const auto spec = file.metadata().find(kSpecKey), id = file.metadata().find("flashmorph_id");
    if (spec == file.metadata().end() || id == file.metadata().end()) fail(path, "missing, so this is no branch set");
    BranchSet set = parseHeader(path, spec->second, config.num_layers);
    set.layers = emptyBranches(set.spec, config).layers;
    readTensors(path, file, set);
    const Entries entries = entriesOf(set);
    if (contentId(spec->second, entries.entries, entries.tensors) != id->second)
        throw FormatError(path + ": flashmorph_id: the content does not match it; the file is damaged, align again");
    BranchSet cast = castBranches(set, device, dtype);
    cast.id = id->second;
    return cast;
}

}  // namespace fm
