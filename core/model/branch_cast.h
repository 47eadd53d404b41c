// Branch sets in another precision or on another device.
#pragma once

#include "core/model/branch.h"

namespace fm {

// Matrices in `dtype`; norm weights and decays in fp32 (float64 for float64). The copy is
// detached, and its projections are allocated so that one product serves them.
BranchSet castBranches(const BranchSet& set, at::Device device, at::ScalarType dtype);

}  // namespace fm
