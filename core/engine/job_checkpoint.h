// What a job needs to continue after a stop or a kill: named tensors and a little JSON in one safetensors file, written
// atomically. The file is either the last complete checkpoint or absent.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace fm {

struct JobCheckpoint {
    std::int64_t step = 0;           // steps that are complete; the job continues with this one
    std::vector<std::int64_t> rows;  // rows of each table that belong to those steps; later ones are to be cut off
    nlohmann::json state = nlohmann::json::object();
    std::map<std::string, at::Tensor> tensors;  // fp32, float64, bf16, int64, int32, uint8 or bool
};

// WorldError when the disk refuses; the previous checkpoint then stands.
void saveJobCheckpoint(const std::string& path, const JobCheckpoint& checkpoint);

// nullopt when there is no file; FormatError when it is not a job checkpoint. Tensors are on the CPU.
std::optional<JobCheckpoint> loadJobCheckpoint(const std::string& path);

}  // namespace fm
