// The state of a job between two steps, on disk: what resume needs. Written atomically, so that a kill at any moment
// leaves either the old state or the new one.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace fm {

struct JobCheckpoint {
    std::int64_t step = 0;                      // the next step to take
    std::vector<std::int64_t> rows;             // rows of each table that belong to the steps taken
    std::map<std::string, at::Tensor> tensors;  // float, double, bf16 or int64
    nlohmann::json state;                       // small values
};

// Throws WorldError when it cannot be stored; an earlier checkpoint is then untouched.
void saveJobCheckpoint(const std::string& path, const JobCheckpoint& checkpoint);

// Nothing when there is no file; FormatError when there is one that is damaged. Tensors are on the CPU.
std::optional<JobCheckpoint> loadJobCheckpoint(const std::string& path);

}  // namespace fm
