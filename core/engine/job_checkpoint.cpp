#include "core/engine/job_checkpoint.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <sstream>

#include "core/base/hash.h"
#include "core/formats/safetensors.h"
#include "core/model/tensor_bytes.h"

namespace fm {

namespace {

constexpr const char* kMetadataKey = "flashmorph_job_checkpoint";

// Of names, types, shapes and bytes: damage anywhere in the tensors shows before a run relies on them.
class TensorsHash {
public:
    void add(const std::string& name, DType type, const std::vector<std::int64_t>& shape, const void* data,
             std::size_t bytes) {
        std::string what = name + '\0' + toString(type);
        for (const std::int64_t size : shape) what += ' ' + std::to_string(size);
        hasher_.update(what.data(), what.size() + 1);
        hasher_.update(data, bytes);
    }
    std::string hex() const { return hasher_.hex(); }

private:
    Hasher hasher_;
};

const nlohmann::json& member(const nlohmann::json& json, const std::string& path, const char* key,
                             bool right(const nlohmann::json&)) {
    const auto found = json.find(key);
    if (found == json.end() || !right(*found)) throw CheckpointError(path, key, "is missing or of another kind");
    return *found;
}

bool isText(const nlohmann::json& json) { return json.is_string(); }
bool isCount(const nlohmann::json& json) {
    return json.is_number_unsigned() && json.get<std::uint64_t>() <= std::uint64_t{1} << 53;
}
bool isCounts(const nlohmann::json& json) { return json.is_array() && std::all_of(json.begin(), json.end(), isCount); }
bool isObject(const nlohmann::json& json) { return json.is_object(); }

std::string sizesText(at::IntArrayRef sizes) {
    std::ostringstream text;
    text << sizes;
    return text.str();
}

// SafetensorsFile says what is wrong with the file itself.
SafetensorsFile openFile(const std::string& path) {
    try {
        return SafetensorsFile::open(path);
    } catch (const FormatError& error) {
        std::string text = error.what();
        if (text.rfind(path + ": ", 0) == 0) text.erase(0, path.size() + 2);
        throw CheckpointError(path, "file", text);
    }
}

}  // namespace

JobCheckpoint checkpointOf(const RunOpened& run, std::int64_t step) {
    JobCheckpoint checkpoint;
    checkpoint.run_id = run.run_id;
    checkpoint.spec_hash = hashBytes(run.spec_json);
    checkpoint.step = step;
    return checkpoint;
}

void saveJobCheckpoint(const std::string& path, const JobCheckpoint& checkpoint) {
    std::vector<at::Tensor> kept;  // the bytes must live until they are written
    std::vector<TensorToWrite> entries;
    TensorsHash hash;
    kept.reserve(checkpoint.tensors.size());
    for (const auto& [name, tensor] : checkpoint.tensors) {
        kept.push_back(tensor.detach().cpu().contiguous());
        entries.push_back(describeTensor(name, kept.back()));
        hash.add(name, entries.back().dtype, entries.back().shape, entries.back().data, kept.back().nbytes());
    }
    const nlohmann::json header = {{"run_id", checkpoint.run_id}, {"spec_hash", checkpoint.spec_hash},
                                   {"step", checkpoint.step},     {"rows", checkpoint.rows},
                                   {"state", checkpoint.state},   {"tensors_hash", hash.hex()}};
    writeSafetensors(path, entries, {{kMetadataKey, header.dump()}});
}

std::optional<JobCheckpoint> loadJobCheckpoint(const std::string& path) {
    std::error_code ignored;
    if (path.empty() || !std::filesystem::exists(path, ignored)) return std::nullopt;
    const SafetensorsFile file = openFile(path);
    const auto header = file.metadata().find(kMetadataKey);
    if (header == file.metadata().end())
        throw CheckpointError(path, kMetadataKey, "is missing, so this is not the checkpoint of a job");
    const nlohmann::json json = nlohmann::json::parse(header->second, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) throw CheckpointError(path, kMetadataKey, "is not a JSON object");
    JobCheckpoint checkpoint;
    checkpoint.path = path;
    checkpoint.run_id = member(json, path, "run_id", isText).get<std::string>();
    checkpoint.spec_hash = member(json, path, "spec_hash", isText).get<std::string>();
    checkpoint.step = member(json, path, "step", isCount).get<std::int64_t>();
    checkpoint.rows = member(json, path, "rows", isCounts).get<std::vector<std::int64_t>>();
    checkpoint.state = member(json, path, "state", isObject);
    std::map<std::string, const TensorView*> views;
    for (const TensorView& view : file.tensors()) views[view.name] = &view;
    TensorsHash hash;
    for (const auto& [name, view] : views) {
        hash.add(name, view->dtype, view->shape, view->bytes.data(), view->bytes.size());
        checkpoint.tensors[name] = tensorFromView(*view, path);
    }
    if (member(json, path, "tensors_hash", isText) != hash.hex())
        throw CheckpointError(path, "tensors_hash", "does not match the tensors, which are damaged");
    return checkpoint;
}

void requireBelongs(const JobCheckpoint& checkpoint, const RunOpened& run, bool same_run) {
    if (same_run && checkpoint.run_id != run.run_id)
        throw CheckpointError(checkpoint.path, "run_id",
                              "belongs to run \"" + checkpoint.run_id + "\", not to " + run.run_id);
    if (checkpoint.spec_hash != hashBytes(run.spec_json))
        throw CheckpointError(checkpoint.path, "spec_hash", "belongs to a run with another spec");
    if (checkpoint.rows.size() != run.tables.size())
        throw CheckpointError(checkpoint.path, "rows",
                              "counts " + std::to_string(checkpoint.rows.size()) + " tables, but the run has " +
                                  std::to_string(run.tables.size()));
}

void requireStep(const JobCheckpoint& checkpoint, std::int64_t steps) {
    if (checkpoint.step < 0 || checkpoint.step > steps)
        throw CheckpointError(checkpoint.path, "step",
                              std::to_string(checkpoint.step) + " is not from 0 to " + std::to_string(steps));
}

void requireRows(const JobCheckpoint& checkpoint, std::size_t table, std::int64_t least, std::int64_t most) {
    const std::int64_t rows = table < checkpoint.rows.size() ? checkpoint.rows[table] : -1;
    if (rows < least || rows > most)
        throw CheckpointError(checkpoint.path, "rows",
                              std::to_string(rows) + " rows in table " + std::to_string(table) + " do not fit step " +
                                  std::to_string(checkpoint.step));
}

at::Tensor required(const JobCheckpoint& checkpoint, const std::string& name, at::IntArrayRef shape,
                    at::ScalarType type) {
    const auto found = checkpoint.tensors.find(name);
    if (found == checkpoint.tensors.end()) throw CheckpointError(checkpoint.path, name, "is missing");
    const at::Tensor& tensor = found->second;
    if (tensor.sizes() != shape || tensor.scalar_type() != type)
        throw CheckpointError(checkpoint.path, name,
                              "is " + sizesText(tensor.sizes()) + " of " + at::toString(tensor.scalar_type()) +
                                  ", not " + sizesText(shape) + " of " + at::toString(type));
    if (!at::isfinite(tensor).all().item<bool>())
        throw CheckpointError(checkpoint.path, name, "has values that are not finite");
    return tensor;
}

at::Tensor required(const JobCheckpoint& checkpoint, const std::string& name, const at::Tensor& like) {
    return required(checkpoint, name, like.sizes(), like.scalar_type());
}

std::int64_t requiredCount(const JobCheckpoint& checkpoint, const char* key) {
    return member(checkpoint.state, checkpoint.path, key, isCount).get<std::int64_t>();
}

double requiredNumber(const JobCheckpoint& checkpoint, const char* key, double lowest, double highest) {
    const double value = member(checkpoint.state, checkpoint.path, key, [](const nlohmann::json& j) {
                             return j.is_number();
                         }).get<double>();
    if (!(value >= lowest && value <= highest))
        throw CheckpointError(checkpoint.path, key, std::to_string(value) + " is not a possible value");
    return value;
}

}  // namespace fm
