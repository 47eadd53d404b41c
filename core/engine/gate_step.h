// One step of the gate stage without the optimiser: objective and gradient over the step's micro-batches, and the
// multiplier that a budget starts with.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/engine/batch_fn.h"
#include "core/engine/gate_objective.h"
#include "core/model/blocks.h"
#include "core/model/morphable_model.h"

namespace fm {

// Text KL of the gate stage looks at every fourth position, as probes do.
inline constexpr std::int64_t kGateTextStride = 4;

struct GateStepInputs {
    const MorphableModel* model = nullptr;
    BatchFn train;  // step s takes batches s * micro_batches ...
    std::int64_t micro_batches = 1;
    RowAverage average = RowAverage::Sequences;
    ObjectiveWeights weights;
    const Rope* rope = nullptr;  // of the longest context
    std::function<void()> poll;  // between micro-batches; may throw
};

struct GateStep {
    std::int64_t tokens = 0;
    ObjectiveValue value;            // mean over micro-batches
    std::vector<double> grad_L;      // of value.total, without the regulariser
    std::vector<double> grad_std_L;  // standard error of the gradient over the step's sequences
};

GateStep gateStep(const GateStepInputs& inputs, const std::vector<double>& alpha_L, std::int64_t step);

// Mean squared error of each branch at the answer rows under the teacher's inputs: the closed form's e_l; relative to
// the teacher's mean ||H||^2 when `scale_free`.
std::vector<double> localErrors(const DecoderWeights& weights, const BranchSet& branches, const Batch& batch,
                                bool scale_free);

// Where the multiplicative dual starts: the closed form's multiplier for the squared objectives, a quarter of the
// all-linear KL shared over the layers for the KL (no closed form there; measured within 5 % of where runs end). Above
// zero always, since a product never leaves zero. `batch` has answers.
double startingLambda(const GateStepInputs& inputs, const Batch& batch, int budget);

}  // namespace fm
