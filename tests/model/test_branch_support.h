// Small random branches and the float64 token-by-token oracle of a branch, written from the equations of
// resources/handbook/recurrences.md, "GDN" and "Lightning", alone: plain loops, no product code.
#pragma once

#include <ATen/ATen.h>

#include "core/model/branch.h"

namespace fm::test {

// D = 12, 4 query heads on 2 K/V heads of 6 channels.
ModelConfig smallConfig();

struct BranchCase {
    const Mixer* kind;
    BranchForm form;
    bool expanded_kv;
    std::string name;
};
const std::vector<BranchCase>& allBranchCases();

BranchSpec specOf(const BranchCase& which);

// Random weights in which nothing is special (no zeros, no equal decays). float64.
BranchWeights randomBranch(const BranchSpec& spec, const ModelConfig& config, std::int64_t seed);
at::Tensor randomInput(const ModelConfig& config, std::int64_t batch, std::int64_t tokens, std::int64_t seed);
BranchWeights castTo(const BranchWeights& weights, at::ScalarType dtype);

// [B,T,D] float64
at::Tensor oracleMixer(const at::Tensor& normed_BTD, const BranchWeights& weights, const BranchSpec& spec,
                       const ModelConfig& config);

double maxRelativeError(const at::Tensor& got, const at::Tensor& want);  // max |got - want| / max |want|

}  // namespace fm::test
