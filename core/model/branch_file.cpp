#include <ATen/ATen.h>

#include <nlohmann/json.hpp>
#include <set>

#include "core/formats/safetensors.h"
#include "core/model/branch.h"
#include "core/model/branch_cast.h"
#include "core/model/tensor_bytes.h"
#include "core/run/error.h"
#include "core/run/hash.h"

namespace fm {

namespace {

constexpr const char* kSpecKey = "flashmorph_branches";

nlohmann::json specJson(const BranchSet& set) {
    return {{"kind", toString(set.spec.kind)},     {"form", toString(set.spec.form)},
            {"expanded_kv", set.spec.expanded_kv}, {"norm_eps", set.spec.norm_eps},
            {"teacher_hash", set.teacher_hash},    {"layers", set.layers.size()}};
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
    throw FormatError(path + ": " + kSpecKey + ": " + what);
}

template <class Word>
Word parseWord(const std::string& path, const nlohmann::json& json, const char* key,
               std::initializer_list<Word> words) {
    const std::string text = json.at(key).get<std::string>();
    for (const Word word : words)
        if (text == toString(word)) return word;
    fail(path, std::string(key) + " \"" + text + "\" is not known");
}

BranchSet parseHeader(const std::string& path, const std::string& text, std::int64_t num_layers) {
    BranchSet set;
    try {
        const nlohmann::json json = nlohmann::json::parse(text);
        set.spec.kind = parseWord(path, json, "kind", {BranchKind::Gdn, BranchKind::Lightning});
        set.spec.form = parseWord(path, json, "form", {BranchForm::Exportable, BranchForm::Plain});
        set.spec.expanded_kv = json.at("expanded_kv").get<bool>();
        set.spec.norm_eps = json.at("norm_eps").get<double>();
        set.teacher_hash = json.at("teacher_hash").get<std::string>();
        if (json.at("layers").get<std::int64_t>() != num_layers)
            fail(path,
                 "has " + json.at("layers").dump() + " layers where the teacher has " + std::to_string(num_layers));
    } catch (const nlohmann::json::exception& error) {
        fail(path, error.what());
    }
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
