// The align job: trains one linear branch per layer to reproduce the teacher's mixer under the teacher's inputs
// (method.md 1.3 step 1, relative errors as in prototype.md 3). All layers learn from one teacher pass.
#pragma once

#include <string>
#include <vector>

#include "core/data/batch_source.h"
#include "core/engine/align_spec.h"
#include "core/engine/batch_fn.h"
#include "core/model/branch.h"
#include "core/model/decoder_weights.h"
#include "core/run/job_context.h"

namespace fm {

// Refers to objects owned by the caller.
struct AlignInputs {
    const DecoderWeights* teacher = nullptr;
    std::string teacher_hash;
    BatchFn train;                // batch i; step s uses batches s*micro_batches ...
    std::vector<Batch> held_out;  // measured every eval_every steps and at the end; may be empty
    std::string checkpoint_path;  // "" = no checkpoints
};

// What the spec asks of the data: `micro_batches` of these make one step.
BatchMix alignMix(const AlignSpec& spec, bool held_out);
BranchSpec alignBranchSpec(const AlignSpec& spec, const ModelConfig& config);

// Table 0 "steps" and table 1 "held_out" of an align run.
std::vector<Table> alignTables(std::int64_t num_layers);

// fp32 branches on the teacher's device, without an id (saveBranches gives it). Continues from the checkpoint when
// `checkpoint_path` holds one (bit for bit on the CPU). Live: "align.lr". Throws Cancelled after saving its state. The
// caller has opened the context.
BranchSet runAlign(const AlignSpec& spec, const AlignInputs& inputs, JobContext& context);

}  // namespace fm
