#include "core/engine/distill.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <set>

#include "core/engine/adamw.h"
#include "core/engine/head_loss.h"
#include "core/engine/job_checkpoint.h"
#include "core/engine/loss_rows.h"
#include "core/engine/tensor_util.h"
#include "core/model/hybrid_model.h"

namespace fm {
namespace {

constexpr int kDistillSteps = 0;

bool usesBranch(const Plan& plan, std::size_t layer) { return plan.kinds[layer] == LayerKind::Linear; }

// The layer a tensor belongs to, or -1: "model.layers.3.self_attn..." and "layers.3.q_proj..." alike.
int layerOf(const std::string& name) {
    const std::size_t at = name.find("layers.");
    return at == std::string::npos ? -1 : std::stoi(name.substr(at + 7));
}

bool isAttention(const std::string& name) { return name.find(".self_attn.") != std::string::npos; }

// Visits what trains, in a fixed order, with the name of its group.
using GroupVisitor = std::function<void(const std::string& group, const std::string& name, at::Tensor&)>;
void forEachTrained(const DistillSpec& spec, const Plan& plan, DecoderWeights& weights, BranchSet& branches,
                    const GroupVisitor& visit) {
    if (spec.trains == "all") {
        forEachTensor(weights, [&](const std::string& name, at::Tensor& t) {
            const int layer = layerOf(name);
            if (!isAttention(name)) {
                visit(layer < 0 ? "embedding, head and final norm" : "MLP and norms", name, t);
            } else if (!usesBranch(plan, static_cast<std::size_t>(layer))) {
                visit("attention of full layers", name, t);
            }
        });
    }
    forEachTrainable(branches, [&](const std::string& name, at::Tensor& t) {
        if (usesBranch(plan, static_cast<std::size_t>(layerOf(name)))) visit("linear branches", name, t);
    });
}

double cosineRate(std::int64_t step, std::int64_t steps, std::int64_t warm_up, double floor) {
    if (step < warm_up) return static_cast<double>(step + 1) / static_cast<double>(warm_up);
    const double done =
        static_cast<double>(step - warm_up) / static_cast<double>(std::max<std::int64_t>(1, steps - warm_up));
    return floor + (1 - floor) * 0.5 * (1 + std::cos(M_PI * std::min(1.0, done)));
}

// Weights sum to 1; answers share `answer_weight` where there are any, or count like every other row when it is 0.
LossRows distilledRows(const Batch& batch, double answer_weight, at::Device device) {
    return lossRows(batch, device, [answer_weight](double answers, double others) -> LossShares {
        if (answers == 0 || others == 0) return {answers == 0 ? 0.0 : 1.0, answers == 0 ? 1.0 : 0.0};
        const double share = answer_weight > 0 ? answer_weight : answers / (answers + others);
        return {share, 1 - share};
    });
}

class DistillRun {
public:
    DistillRun(const DistillSpec& spec, const DistillInputs& inputs, JobContext& context);
    RecoveredHybrid run();

private:
    double distillStep(const Batch& batch);
    double tuneStep(const Batch& batch);
    at::Tensor studentRows(const Batch& batch, const LossRows& rows);
    void update(std::int64_t step);
    void save(std::int64_t next_step);
    std::int64_t restore();
    Rope rope(std::int32_t tokens);

    DistillSpec spec_;
    const DistillInputs& inputs_;
    JobContext& context_;
    at::Device device_;
    RecoveredHybrid student_;
    std::unique_ptr<AdamW> optimizer_;
    Rope rope_;
    double gradient_norm_ = 0, rate_ = 0;
    std::int64_t tokens_done_ = 0;
};

DistillRun::DistillRun(const DistillSpec& spec, const DistillInputs& inputs, JobContext& context)
    : spec_(spec),
      inputs_(inputs),
      context_(context),
      device_(inputs.teacher->embed_VD.device()),
      student_{*inputs.teacher, *inputs.branches, inputs.plan} {
    std::vector<at::Tensor> base_matrices, base_vectors, branch_matrices, branch_vectors;
    forEachTrained(spec_, student_.plan, student_.weights, student_.branches,
                   [&](const std::string& group, const std::string&, at::Tensor& t) {
                       t = t.detach().clone().requires_grad_(true);
                       const bool branch = group == "linear branches";
                       std::vector<at::Tensor>& list = t.dim() > 1 ? (branch ? branch_matrices : base_matrices)
                                                                   : (branch ? branch_vectors : base_vectors);
                       list.push_back(t);
                   });
    if (student_.weights.config.tie_embeddings) student_.weights.head_VD = student_.weights.embed_VD;
    optimizer_ = std::make_unique<AdamW>(std::vector<AdamWGroup>{{base_matrices, spec_.weight_decay},
                                                                 {base_vectors, 0},
                                                                 {branch_matrices, spec_.weight_decay},
                                                                 {branch_vectors, 0}});
}

Rope DistillRun::rope(std::int32_t tokens) {
    if (!rope_.cos_Td.defined() || rope_.cos_Td.size(0) < tokens) {
        rope_ = makeRope(inputs_.teacher->config, tokens, device_, inputs_.teacher->final_norm_D.scalar_type());
    }
    return ropeSlice(rope_, 0, tokens);
}

at::Tensor DistillRun::studentRows(const Batch& batch, const LossRows& rows) {
    const HybridModel model{&student_.weights, &student_.branches, student_.plan};
    const at::Tensor hidden_BTD = forwardHidden(model, idsTensor(batch, device_), rope(batch.tokens));
    return hidden_BTD.view({-1, hidden_BTD.size(-1)}).index_select(0, rows.rows_N);
}

double DistillRun::distillStep(const Batch& batch) {
    const LossRows rows = distilledRows(batch, spec_.answer_weight, device_);
    at::Tensor teacher_ND;
    {
        const c10::NoGradGuard no_grad;
        const at::Tensor hidden_BTD =
            forwardHidden(teacherModel(*inputs_.teacher), idsTensor(batch, device_), rope(batch.tokens));
        teacher_ND = hidden_BTD.view({-1, hidden_BTD.size(-1)}).index_select(0, rows.rows_N);
    }
    return distillKlBackward(student_.weights, studentRows(batch, rows), *inputs_.teacher, teacher_ND, rows.weight_N);
}

double DistillRun::tuneStep(const Batch& batch) {
    const LossRows rows = distilledRows(batch, spec_.answer_weight, device_);
    return crossEntropyBackward(student_.weights, studentRows(batch, rows), rows.labels_N, rows.weight_N);
}

void DistillRun::update(std::int64_t step) {
    const c10::NoGradGuard no_grad;
    gradient_norm_ = optimizer_->clipGradients(spec_.clip);
    // The branches have a rate of their own; in the next-token phase everything runs at tune_lr.
    if (step < spec_.steps) {
        const double share = cosineRate(step, spec_.steps, spec_.warm_up, spec_.lr_floor);
        const double branch_rate = spec_.branch_lr * share;
        rate_ = spec_.lr * share;
        optimizer_->step({rate_, rate_, branch_rate, branch_rate});
    } else {
        rate_ = spec_.tune_lr;
        optimizer_->step(spec_.tune_lr);
    }
    optimizer_->zeroGradients();
}

void DistillRun::save(std::int64_t next_step) {
    if (inputs_.checkpoint_path.empty()) return;
    context_.flush();  // a checkpoint counts on the rows before it
    JobCheckpoint checkpoint = checkpointOf(context_.header(), next_step);
    forEachTrained(spec_, student_.plan, student_.weights, student_.branches,
                   [&](const std::string& group, const std::string& name, at::Tensor& t) {
                       checkpoint.tensors[group + "/" + name] = t.detach();
                   });
    optimizer_->save(checkpoint.tensors, "optimizer/");
    checkpoint.rows = {next_step};
    checkpoint.state = {{"tokens_done", tokens_done_}};
    saveJobCheckpoint(inputs_.checkpoint_path, checkpoint);
}

std::int64_t DistillRun::restore() {
    const std::optional<JobCheckpoint> found = loadJobCheckpoint(inputs_.checkpoint_path);
    if (!found) return 0;
    requireBelongs(*found, context_.header());
    requireStep(*found, spec_.steps + spec_.tune_steps);
    requireRows(*found, kDistillSteps, found->step, found->step);
    const c10::NoGradGuard no_grad;
    forEachTrained(spec_, student_.plan, student_.weights, student_.branches,
                   [&](const std::string& group, const std::string& name, at::Tensor& t) {
                       t.copy_(required(*found, group + "/" + name, t));
                   });
    optimizer_->load(*found, "optimizer/");
    tokens_done_ = requiredCount(*found, "tokens_done");
    context_.log(Severity::Info, "[distill] continues from step " + std::to_string(found->step));
    return found->step;
}

RecoveredHybrid DistillRun::run() {
    for (const TrainedGroup& group : trainedGroups(spec_, inputs_)) {
        context_.log(Severity::Info,
                     "[distill] trains " + group.name + ": " + std::to_string(group.parameters) + " parameters");
    }
    std::int64_t step = restore();
    const std::int64_t total = spec_.steps + spec_.tune_steps;
    try {
        for (; step < total; ++step) {
            context_.checkpointGate(true);
            const bool distilling = step < spec_.steps;
            const Batch batch = distilling ? inputs_.distill(step) : inputs_.tune(step - spec_.steps);
            const double loss = distilling ? distillStep(batch) : tuneStep(batch);
            if (!std::isfinite(loss)) {
                throw WorldError("[distill] step " + std::to_string(step) +
                                 ": the loss is not finite; lower lr and branch_lr");
            }
            update(step);
            tokens_done_ += std::int64_t{batch.batch} * batch.tokens;
            context_.append(kDistillSteps, {step, context_.wallMs(), tokens_done_, std::int64_t{distilling ? 0 : 1},
                                            loss, gradient_norm_, rate_});
            context_.progress(step + 1, total, "steps", double(tokens_done_) / std::max(1e-3, context_.wallMs() / 1e3));
            if ((step + 1) % spec_.checkpoint_every == 0) save(step + 1);
        }
    } catch (const Cancelled&) {
        save(step);
        throw;
    }
    save(step);
    forEachTrained(spec_, student_.plan, student_.weights, student_.branches,
                   [&](const std::string&, const std::string&, at::Tensor& t) { t = optimizer_->masterOf(t); });
    if (student_.weights.config.tie_embeddings) student_.weights.head_VD = student_.weights.embed_VD;
    return student_;
}

}  // namespace

std::vector<Table> distillTables() {
    return {
        {"steps",
         {{"steps/index", CellType::Int64, 1, "steps", "optimiser step, from 0"},
          {"steps/wall_ms", CellType::Float64, 1, "ms", "time since the run was opened"},
          {"steps/tokens", CellType::Int64, 1, "tokens", "tokens seen so far"},
          {"steps/phase", CellType::Int64, 1, "", "0 logit distillation, 1 next-token training"},
          {"series/loss/total", CellType::Float64, 1, "nat", "KL(teacher || hybrid), or next-token loss in phase 1"},
          {"series/objective/gradient_norm", CellType::Float64, 1, "", "norm of the whole gradient before clipping"},
          {"series/objective/lr", CellType::Float64, 1, "", "learning rate of the teacher's own weights"}}}};
}

std::vector<TrainedGroup> trainedGroups(const DistillSpec& spec, const DistillInputs& inputs) {
    std::vector<TrainedGroup> groups;
    DecoderWeights weights = *inputs.teacher;
    BranchSet branches = *inputs.branches;
    forEachTrained(spec, inputs.plan, weights, branches,
                   [&](const std::string& name, const std::string&, at::Tensor& t) {
                       for (TrainedGroup& group : groups) {
                           if (group.name == name) {
                               group.parameters += t.numel();
                               return;
                           }
                       }
                       groups.push_back({name, t.numel()});
                   });
    return groups;
}

RecoveredHybrid runDistill(const DistillSpec& spec, const DistillInputs& inputs, JobContext& context) {
    const c10::AutoGradMode grad_on(true);
    return DistillRun(spec, inputs, context).run();
}

}  // namespace fm
