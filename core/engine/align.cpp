#include "core/engine/align.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/assert.h"
#include "core/base/error.h"
#include "core/engine/adamw.h"
#include "core/engine/align_loss.h"
#include "core/engine/align_taps.h"
#include "core/engine/job_checkpoint.h"
#include "core/engine/lr_schedule.h"
#include "core/engine/tensor_util.h"
#include "core/model/branch_cast.h"
#include "core/run/live_fields.h"

namespace fm {

namespace {

constexpr int kAlignSteps = 0, kAlignHeldOut = 1;

double meanOf(const std::vector<float>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// One run: owns the branches while they train.
class AlignRun {
public:
    AlignRun(const AlignSpec& spec, const AlignInputs& inputs, JobContext& context)
        : spec_(spec), inputs_(inputs), context_(context) {}
    BranchSet run();

private:
    void start();
    void makeOptimizer();
    std::vector<float> accumulateGradients(const Batch& batch);
    void takeStep(std::int64_t step);
    void measure(std::int64_t steps_done);
    void save(std::int64_t next_step);
    std::int64_t restore();
    const Rope& rope(std::int64_t tokens);
    std::int64_t layersPerPass(std::int64_t tokens) const;

    AlignSpec spec_;
    const AlignInputs& inputs_;
    JobContext& context_;
    BranchSet set_;
    std::unique_ptr<AdamW> optimizer_;
    Rope rope_;
    std::int64_t tokens_done_ = 0, tokens_here_ = 0, held_out_rows_ = 0;
    double started_ms_ = 0;
};

const Rope& AlignRun::rope(std::int64_t tokens) {
    if (!rope_.cos_Td.defined() || rope_.cos_Td.size(0) < tokens) {
        const DecoderWeights& teacher = *inputs_.teacher;
        rope_ = makeRope(teacher.config, tokens, teacher.embed_VD.device(), teacher.final_norm_D.scalar_type());
    }
    return rope_;
}

std::int64_t AlignRun::layersPerPass(std::int64_t tokens) const {
    return spec_.layers_per_pass > 0 ? spec_.layers_per_pass : defaultLayersPerPass(*inputs_.teacher, tokens);
}

// Copied weights, fitted on the first training batch: part of no held-out data, the same after every resume.
void AlignRun::start() {
    const Batch batch = inputs_.train(0);
    const at::Tensor ids_BT = idsTensor(batch, inputs_.teacher->embed_VD.device());
    const BranchInit init = calibrationTaps(*inputs_.teacher, ids_BT, ropeSlice(rope(batch.tokens), 0, batch.tokens));
    set_ = initBranches(*inputs_.teacher, alignBranchSpec(spec_, inputs_.teacher->config), init,
                        static_cast<std::uint64_t>(spec_.seed));
    set_.teacher_hash = inputs_.teacher_hash;
}

// One group per layer, so that gradients are clipped layer by layer.
void AlignRun::makeOptimizer() {
    std::vector<AdamWGroup> groups;
    for (BranchWeights& layer : set_.layers) {
        BranchSet one{set_.spec, {}, {}, {layer}};
        AdamWGroup group;
        forEachTrainable(one, [&group](const std::string&, at::Tensor& tensor) {
            tensor.requires_grad_(true);
            group.parameters.push_back(tensor);
        });
        groups.push_back(std::move(group));
    }
    optimizer_ = std::make_unique<AdamW>(std::move(groups), AdamWOptions{0.9, 0.95, 1e-8});
}

std::vector<float> AlignRun::accumulateGradients(const Batch& batch) {
    const std::int64_t tokens = std::int64_t{batch.batch} * batch.tokens;
    std::vector<at::Tensor> errors;
    visitRelativeErrors(*inputs_.teacher, set_, batch, rope(batch.tokens), layersPerPass(tokens),
                        [&](std::int64_t, const at::Tensor& error_G) {
                            (error_G.sum() / static_cast<double>(spec_.micro_batches)).backward();
                            errors.push_back(error_G.detach());
                        });
    const at::Tensor host = at::cat(errors).cpu();
    return {host.const_data_ptr<float>(), host.const_data_ptr<float>() + host.numel()};
}

void AlignRun::takeStep(std::int64_t step) {
    std::vector<float> error_L(set_.layers.size(), 0.0f);
    std::int64_t tokens = 0;
    for (std::int64_t i = 0; i < spec_.micro_batches; ++i) {
        if (i > 0) context_.checkpointGate(false);
        const Batch batch = inputs_.train(step * spec_.micro_batches + i);
        tokens += std::int64_t{batch.batch} * batch.tokens;
        const std::vector<float> part_L = accumulateGradients(batch);
        for (std::size_t l = 0; l < part_L.size(); ++l)
            error_L[l] += part_L[l] / static_cast<float>(spec_.micro_batches);
    }
    for (std::size_t l = 0; l < error_L.size(); ++l)
        if (!std::isfinite(error_L[l]))
            throw WorldError("[align] step " + std::to_string(step) + ": the error of layer " + std::to_string(l) +
                             " is not finite; lower lr");
    const at::Tensor norm_L = optimizer_->clipEachGroup(spec_.clip);
    const double lr = CosineSchedule{spec_.lr, spec_.lr_floor, spec_.warm_up, spec_.steps}.at(step);
    optimizer_->step(lr);
    optimizer_->zeroGradients();
    tokens_done_ += tokens;  // only whole steps count: a step that was stopped half way is taken again
    tokens_here_ += tokens;
    context_.append(kAlignSteps, {step, context_.wallMs(), tokens_done_, error_L, meanOf(error_L), lr,
                                  norm_L.mean().item<double>()});
}

void AlignRun::measure(std::int64_t steps_done) {
    if (inputs_.held_out.empty()) return;
    std::int64_t longest = 0, tokens = 0;
    for (const Batch& batch : inputs_.held_out) {
        longest = std::max<std::int64_t>(longest, batch.tokens);
        tokens = std::max(tokens, std::int64_t{batch.batch} * batch.tokens);
    }
    const std::vector<float> error_L =
        relativeErrors(*inputs_.teacher, set_, inputs_.held_out, rope(longest), layersPerPass(tokens));
    context_.append(kAlignHeldOut, {steps_done, tokens_done_, error_L, meanOf(error_L)});
    ++held_out_rows_;
}

void AlignRun::save(std::int64_t next_step) {
    if (inputs_.checkpoint_path.empty()) return;
    context_.flush();
    JobCheckpoint checkpoint = checkpointOf(context_.header(), next_step);
    checkpoint.rows = {next_step, held_out_rows_};
    checkpoint.state = {{"tokens_done", tokens_done_}, {"lr", spec_.lr}};
    forEachTensor(set_, [&checkpoint](const std::string& name, at::Tensor& tensor) {
        checkpoint.tensors["branches." + name] = tensor;
    });
    optimizer_->save(checkpoint.tensors, "optimizer.");
    saveJobCheckpoint(inputs_.checkpoint_path, checkpoint);
}

std::int64_t AlignRun::restore() {
    const std::optional<JobCheckpoint> found = loadJobCheckpoint(inputs_.checkpoint_path);
    if (!found) return 0;
    requireBelongs(*found, context_.header());
    requireStep(*found, spec_.steps);
    requireRows(*found, kAlignSteps, found->step, found->step);
    requireRows(*found, kAlignHeldOut, 0, inputs_.held_out.empty() ? 0 : found->step / spec_.eval_every + 2);
    {
        const c10::NoGradGuard no_grad;
        forEachTensor(set_, [&](const std::string& name, at::Tensor& tensor) {
            tensor.copy_(required(*found, "branches." + name, tensor));
        });
    }
    optimizer_->load(*found, "optimizer.");
    tokens_done_ = requiredCount(*found, "tokens_done");
    spec_.lr = requiredNumber(*found, "lr", 0, 1);
    held_out_rows_ = found->rows[kAlignHeldOut];
    context_.log(Severity::Info, "[align] continues from step " + std::to_string(found->step));
    return found->step;
}

BranchSet AlignRun::run() {
    start();
    makeOptimizer();
    std::int64_t step = restore();
    started_ms_ = context_.wallMs();
    if (held_out_rows_ == 0) measure(0);
    try {
        for (; step < spec_.steps; ++step) {
            context_.checkpointGate(true);
            takeLiveChanges(context_, "align", step, spec_);
            takeStep(step);
            const double seconds = std::max(1e-3, (context_.wallMs() - started_ms_) / 1e3);
            context_.progress(step + 1, spec_.steps, "steps", static_cast<double>(tokens_here_) / seconds);
            const bool last = step + 1 == spec_.steps;
            if (last || (step + 1) % spec_.eval_every == 0) measure(step + 1);
            if (last || (step + 1) % spec_.checkpoint_every == 0) save(step + 1);
        }
    } catch (const Cancelled&) {
        save(step);
        throw;
    }
    forEachTensor(set_, [](const std::string&, at::Tensor& tensor) { tensor = tensor.detach(); });
    return set_;
}

}  // namespace

BatchMix alignMix(const AlignSpec& spec, bool held_out) {
    BatchMix mix;
    if (spec.retrieval_share < 1) mix.tasks.push_back({"text", 1 - spec.retrieval_share});
    const double share = spec.retrieval_share / static_cast<double>(std::max<std::size_t>(1, spec.tasks.size()));
    for (const std::string& task : spec.tasks)
        if (share > 0) mix.tasks.push_back({task, share});
    mix.lengths.assign(spec.lengths.begin(), spec.lengths.end());
    mix.tokens_per_batch = static_cast<std::int32_t>(spec.tokens_per_step / spec.micro_batches);
    mix.held_out = held_out;
    return mix;
}

BranchSpec alignBranchSpec(const AlignSpec& spec, const ModelConfig& config) {
    const Mixer* kind = findMixer(spec.kind);
    FM_ASSERT(kind, "the kind of branch was checked against the field's choices");
    return {kind, spec.form == "plain" ? BranchForm::Plain : BranchForm::Exportable, spec.kv_heads == "expanded",
            config.rms_norm_eps};
}

std::vector<Table> alignTables(std::int64_t num_layers) {
    const int layers = static_cast<int>(num_layers);
    const char* const error_help = "squared error of each branch over the square of the mixer output it stands in for";
    return {{"steps",
             {{"steps/index", CellType::Int64, 1, "", "step, from 0"},
              {"steps/wall_ms", CellType::Float64, 1, "ms", "time since the run was opened"},
              {"steps/tokens", CellType::Int64, 1, "tokens", "tokens seen up to and with this step"},
              {"series/align/rel_error", CellType::Float32Vector, layers, "1", error_help},
              {"series/align/mean_rel_error", CellType::Float64, 1, "1", "mean of the relative errors over the layers"},
              {"series/optim/lr", CellType::Float64, 1, "", "learning rate of this step"},
              {"series/optim/grad_norm", CellType::Float64, 1, "",
               "mean over layers of the gradient norm before clipping"}}},
            {"held_out",
             {{"held_out/steps", CellType::Int64, 1, "steps", "steps taken before this measurement"},
              {"held_out/tokens", CellType::Int64, 1, "tokens", "tokens seen before this measurement"},
              {"held_out/rel_error", CellType::Float32Vector, layers, "1", error_help},
              {"held_out/mean_rel_error", CellType::Float64, 1, "1", "mean of the held-out relative errors"}}}};
}

BranchSet runAlign(const AlignSpec& spec, const AlignInputs& inputs, JobContext& context) {
    const c10::AutoGradMode grad_on(true);
    return AlignRun(spec, inputs, context).run();
}

}  // namespace fm
