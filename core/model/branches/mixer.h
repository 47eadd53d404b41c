// A kind of linear branch as a value: what it has beside q, k, v, output gate, output norm and o, how it starts, how
// its inputs become the controls of its recurrence and back, what it costs and where it can go. All kinds: mixers().
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "core/formats/model_config.h"
#include "core/ops/recurrence.h"
#include "core/plan/plan_cost.h"

namespace fm {

struct BranchSpec;
struct BranchWeights;

// What a tensor of a branch is says in which precision it is kept, whether it is trained, and how it is stacked.
enum class TensorRole {
    Projection,  // a matrix that reads the layer input; all of them are multiplied as one. In the weights' dtype
    Matrix,      // any other matrix, in the weights' dtype
    Vector,      // over a projection's outputs. fp32, like all that follow: decays and norms decide exponents
    HeadVector,  // over the channels of every head
    Constant,    // not trained, and the same in every layer
};
inline bool isMatrix(TensorRole role) { return role == TensorRole::Projection || role == TensorRole::Matrix; }

struct MixerTensor {
    const char* name;  // as FLA names it, so that an exporter renames little
    TensorRole role;
    std::vector<std::int64_t> (*shape)(const BranchSpec&, const ModelConfig&);
};

// Tensors of a mixer's own, in the order of Mixer::tensors (or of its projections).
using OwnTensors = std::vector<at::Tensor>;

struct Mixer {
    const char* name;                     // "gdn": in files, specs and on the command line
    const char* summary;                  // "gated delta rule"
    std::vector<MixerTensor> tensors;     // beside what all kinds have
    bool silu;                            // the exportable form has SiLU on q, k and v
    bool unit_keys;                       // q and k are l2-normalised
    std::vector<std::string> exports_to;  // formats that hold its exportable form exactly
    const Recurrence& (*recurrence)();

    // Fills the mixer's own tensors with their start (method.md 10), of these options.
    void (*start)(BranchWeights&, const BranchSpec&, const ModelConfig&, const at::TensorOptions&);
    // Controls of the recurrence from the outputs of the mixer's own projections; differentiable, any number of
    // dimensions before the last.
    OwnTensors (*controls)(const OwnTensors& projected, const BranchWeights&, const BranchSpec&, const ModelConfig&);
    // Gradients of those outputs from those of the controls.
    OwnTensors (*controls_backward)(const OwnTensors& dcontrols, const OwnTensors& controls,
                                    const OwnTensors& projected, const BranchWeights&, const ModelConfig&);
    MixerCost (*cost)(const ModelShape&);
};

// One row a kind; the first is the default.
const std::vector<const Mixer*>& mixers();
const Mixer* findMixer(const std::string& name);  // null when there is none

}  // namespace fm
