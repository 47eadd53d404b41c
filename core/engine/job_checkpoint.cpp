#include "core/engine/job_checkpoint.h"

#include <ATen/ATen.h>

#include <filesystem>

#include "core/formats/safetensors.h"
#include "core/model/tensor_bytes.h"
#include "core/run/error.h"

namespace fm {

namespace {
constexpr const char* kMetadataKey = "flashmorph_job_checkpoint";
}

void saveJobCheckpoint(const std::string& path, const JobCheckpoint& checkpoint) {
    std::vector<at::Tensor> kept;  // the bytes must live until they are written
    std::vector<TensorToWrite> entries;
    kept.reserve(checkpoint.tensors.size());
    for (const auto& [name, tensor] : checkpoint.tensors) {
        kept.push_back(tensor.detach().cpu().contiguous());
        entries.push_back(describeTensor(name, kept.back()));
    }
    const nlohmann::json header = {{"step", checkpoint.step}, {"rows", checkpoint.rows}, {"state", checkpoint.state}};
    writeSafetensors(path, entries, {{kMetadataKey, header.dump()}});
}

std::optional<JobCheckpoint> loadJobCheckpoint(const std::string& path) {
    if (!std::filesystem::exists(path)) return std::nullopt;
    const SafetensorsFile file = SafetensorsFile::open(path);
    const auto header = file.metadata().find(kMetadataKey);
    if (header == file.metadata().end())
        throw FormatError(path + ": " + kMetadataKey + ": missing, so this is not the checkpoint of a job");
    JobCheckpoint checkpoint;
    try {
        const nlohmann::json json = nlohmann::json::parse(header->second);
        checkpoint.step = json.at("step").get<std::int64_t>();
        checkpoint.rows = json.at("rows").get<std::vector<std::int64_t>>();
        checkpoint.state = json.at("state");
    } catch (const nlohmann::json::exception& error) {
        throw FormatError(path + ": " + kMetadataKey + ": " + error.what());
    }
    for (const TensorView& view : file.tensors()) checkpoint.tensors[view.name] = tensorFromView(view, path);
    return checkpoint;
}

}  // namespace fm
