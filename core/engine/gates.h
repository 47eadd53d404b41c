// The gate job: optimises one gate per layer jointly, all weights frozen (resources/handbook/method.md).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/engine/batch_fn.h"
#include "core/engine/gates_spec.h"
#include "core/engine/probe_set.h"
#include "core/model/branch.h"
#include "core/model/decoder_weights.h"
#include "core/plan/discretise.h"
#include "core/run/job_context.h"

namespace fm {

// Refers to objects owned by the caller.
struct GatesInputs {
    const DecoderWeights* weights = nullptr;
    const BranchSet* branches = nullptr;
    BatchFn train;
    std::shared_ptr<ProbeSet> selection_probe;  // proposes swaps, and is measured during the run; null: none
    std::shared_ptr<ProbeSet> second_probe;     // other sequences: decides whether a swap is kept; null: no swaps
    std::vector<Pin> pins;
    std::string checkpoint_path;  // "" = no checkpoints
};

struct GatesResult {
    std::vector<double> alpha_L;        // final gates
    std::vector<double> averaged_L;     // over all steps
    std::vector<double> local_error_L;  // e_l of the closed form, from the first batch that asks something
    double lambda = 0;
    bool dead = false;       // the last layer kept and the first left out are tied: the plan says nothing
    bool undecided = false;  // they are tied, or stand closer than the gates still move: another seed may swap them
    LayerRanking ranking;
    Plan plan;  // at the spec's budget, refined when asked
    bool swapped = false;
};

// "paper" in `json` starts from GatesSpec::paper(), otherwise from the defaults; the given fields are put on top.
std::vector<Problem> gatesSpecFromJson(const nlohmann::json& json, GatesSpec& spec);

// Continues from the checkpoint when `checkpoint_path` holds one of this run (bit for bit on the CPU). Throws
// Cancelled after saving its state. The caller has opened the context.
GatesResult runGates(const GatesSpec& spec, const GatesInputs& inputs, JobContext& context);

}  // namespace fm
