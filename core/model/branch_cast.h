// Branch sets as memory: their shapes, and copies in another precision or on another device.
#pragma once

#include "core/model/branch.h"

namespace fm {

// Every tensor that a set of this spec has for this teacher, fp32 on the CPU, contents undefined.
BranchSet emptyBranches(const BranchSpec& spec, const ModelConfig& config);

// Matrices in `dtype`; norm weights and decays in fp32 (float64 for float64). The copy is
// detached, and its projections are allocated so that one product serves them.
BranchSet castBranches(const BranchSet& set, at::Device device, at::ScalarType dtype);

}  // namespace fm
