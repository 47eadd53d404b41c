#include "core/engine/job_checkpoint.h"

#include <ATen/ATen.h>

#include <filesystem>

#include "core/formats/safetensors.h"
#include "core/run/error.h"

namespace fm {
namespace {

struct TypePair {
    DType file;
    at::ScalarType tensor;
};
constexpr TypePair kTypes[] = {
    {DType::F32, at::kFloat}, {DType::F64, at::kDouble}, {DType::BF16, at::kBFloat16}, {DType::I64, at::kLong}};

DType fileType(at::ScalarType type) {
    for (const TypePair& pair : kTypes) {
        if (pair.tensor == type) return pair.file;
    }
    throw std::logic_error("a checkpoint holds float, double, bf16 and int64 tensors only");
}

at::Tensor copied(const TensorView& view, const std::string& path) {
    for (const TypePair& pair : kTypes) {
        if (pair.file != view.dtype) continue;
        at::Tensor tensor = at::empty(view.shape, at::TensorOptions().dtype(pair.tensor));
        std::memcpy(tensor.mutable_data_ptr(), view.bytes.data(), view.bytes.size());
        return tensor;
    }
    throw FormatError(path + ": " + view.name + ": a checkpoint does not hold " + toString(view.dtype));
}

}  // namespace

void saveJobCheckpoint(const std::string& path, const JobCheckpoint& checkpoint) {
    std::vector<at::Tensor> alive;  // contiguous CPU copies live until the file is written
    std::vector<TensorToWrite> entries;
    for (const auto& [name, tensor] : checkpoint.tensors) {
        alive.push_back(tensor.detach().cpu().contiguous());
        entries.push_back({name, fileType(tensor.scalar_type()), tensor.sizes().vec(), alive.back().const_data_ptr()});
    }
    const nlohmann::json head = {{"step", checkpoint.step}, {"rows", checkpoint.rows}, {"state", checkpoint.state}};
    writeSafetensors(path, entries, {{"flashmorph.checkpoint", head.dump()}});
}

std::optional<JobCheckpoint> loadJobCheckpoint(const std::string& path) {
    if (!std::filesystem::exists(path)) return std::nullopt;
    const SafetensorsFile file = SafetensorsFile::open(path);
    JobCheckpoint checkpoint;
    try {
        const nlohmann::json head = nlohmann::json::parse(file.metadata().at("flashmorph.checkpoint"));
        checkpoint.step = head.at("step").get<std::int64_t>();
        checkpoint.rows = head.at("rows").get<std::vector<std::int64_t>>();
        checkpoint.state = head.at("state");
    } catch (const std::exception& error) {
        throw FormatError(path + ": flashmorph.checkpoint: not the state of a job; delete the file to start over");
    }
    for (const TensorView& view : file.tensors()) checkpoint.tensors[view.name] = copied(view, path);
    return checkpoint;
}

}  // namespace fm
