// What a job needs to continue after a stop or a kill: named tensors and a little JSON in one safetensors file, written
// atomically. The file is either the last complete checkpoint or absent. It names the run and the spec that it belongs
// to, and nothing in it is believed before it is checked.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/run/event.h"

namespace fm {

struct JobCheckpoint {
    std::string path;                // where it was read
    std::string run_id, spec_hash;   // of the run that saved it
    std::int64_t step = 0;           // steps that are complete; the job continues with this one
    std::vector<std::int64_t> rows;  // rows of each table that belong to those steps; later ones are to be cut off
    nlohmann::json state = nlohmann::json::object();
    std::map<std::string, at::Tensor> tensors;  // fp32, float64, bf16, int64, int32, uint8 or bool
};

// A checkpoint that is damaged or belongs elsewhere. Names the file; a run can start from its beginning without it.
class CheckpointError : public FormatError {
public:
    CheckpointError(const std::string& path, const std::string& key, const std::string& why)
        : FormatError(path + ": " + key + ": " + why + "; without this checkpoint the run starts from its beginning") {}
};

// An empty checkpoint of this run at that step.
JobCheckpoint checkpointOf(const RunOpened& run, std::int64_t step);

// WorldError when the disk refuses; the previous checkpoint then stands.
void saveJobCheckpoint(const std::string& path, const JobCheckpoint& checkpoint);

// nullopt when there is no file or `path` is ""; CheckpointError when it is not a whole job checkpoint. Tensors are on
// the CPU.
std::optional<JobCheckpoint> loadJobCheckpoint(const std::string& path);

// CheckpointError unless it was saved by a run with this spec and these tables, and by this very run when `same_run`.
void requireBelongs(const JobCheckpoint& checkpoint, const RunOpened& run, bool same_run = true);

// CheckpointError when the checkpoint does not continue a job of that many steps.
void requireStep(const JobCheckpoint& checkpoint, std::int64_t steps);
// CheckpointError unless the table has from `least` to `most` rows.
void requireRows(const JobCheckpoint& checkpoint, std::size_t table, std::int64_t least, std::int64_t most);

// The tensor; CheckpointError unless it is there with this shape and type, and all its values are finite.
at::Tensor required(const JobCheckpoint& checkpoint, const std::string& name, at::IntArrayRef shape,
                    at::ScalarType type);
// The same for one that is like `like`.
at::Tensor required(const JobCheckpoint& checkpoint, const std::string& name, const at::Tensor& like);
// Numbers of the state; CheckpointError unless they are there and in the range.
std::int64_t requiredCount(const JobCheckpoint& checkpoint, const char* key);
double requiredNumber(const JobCheckpoint& checkpoint, const char* key, double lowest, double highest);

}  // namespace fm
