// Relative error of branches against the teacher's mixers, for several layers at once.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "core/data/sample.h"
#include "core/model/blocks.h"
#include "core/model/branch.h"
#include "core/model/decoder_weights.h"

namespace fm {

// error_G: sum over valid tokens of ||branch(x) - F||^2 / ||F||^2 per layer of the group; differentiable when the
// branches want gradients. `first` is the group's first layer.
using GroupErrors = std::function<void(std::int64_t first, const at::Tensor& error_G)>;

// One teacher pass; the branches of `layers_per_pass` layers are computed together and handed on group by group, so
// that no more than one group's activations are alive.
void visitRelativeErrors(const DecoderWeights& teacher, const BranchSet& branches, const Batch& batch, const Rope& rope,
                         std::int64_t layers_per_pass, const GroupErrors& visit);

// How many layers fit into one pass: 1 on the CPU, on a GPU as many as keep the graph under some 24 GiB.
std::int64_t defaultLayersPerPass(const DecoderWeights& teacher, std::int64_t tokens);

// Relative error per layer over all batches, without gradients.
std::vector<float> relativeErrors(const DecoderWeights& teacher, const BranchSet& branches,
                                  const std::vector<Batch>& batches, const Rope& rope, std::int64_t layers_per_pass);

}  // namespace fm
