#include "core/engine/gates.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/engine/gate_objective.h"
#include "core/engine/gate_optimizer.h"
#include "core/engine/job_checkpoint.h"
#include "core/engine/plan_choice.h"
#include "core/engine/plan_evaluator.h"
#include "core/engine/probe_table.h"
#include "core/engine/swap_refine.h"
#include "core/engine/tensor_util.h"
#include "core/model/hybrid_model.h"
#include "core/model/morphable_model.h"

namespace fm {
namespace {

constexpr std::int64_t kTextStride = 4;
constexpr int kGateSteps = 0, kGateProbes = 1;
// A run whose mean gate stays above this never left its start (prototype.md 4: 0.99 with the literal lambda).
constexpr double kDeadOpen = 0.98, kDeadClosed = 0.02;

// The longest context a batch of this spec can have.
std::int64_t longest(const GatesSpec& spec) { return *std::max_element(spec.lengths.begin(), spec.lengths.end()); }

struct StepRecord {
    std::int64_t step = 0, tokens = 0;
    ObjectiveValue value;
    std::vector<double> grad_L, grad_std_L;
    double lr = 0, lambda = 0;
};

// One run's state between steps.
class GateRun {
public:
    GateRun(const GatesSpec& spec, const GatesInputs& inputs, JobContext& context);
    GatesResult run();

private:
    int possibleBudget(double wanted) const;
    void applyChanges(std::int64_t step);
    void startLambda();
    StepRecord takeStep(std::int64_t step);
    void record(const StepRecord& record);
    std::int64_t probesDue(std::int64_t steps_done) const;
    void probeWhenDue(std::int64_t steps_done);
    void save(std::int64_t next_step);
    std::int64_t restore();
    void reportDead(GatesResult& result);
    LayerRanking ranking() const;
    double penalty(const StepRecord& record) const { return record.lambda * optimizer_.sum(); }

    GatesSpec spec_;
    const GatesInputs& inputs_;
    JobContext& context_;
    MorphableModel model_;
    ObjectiveWeights weights_;
    GateOptimizer optimizer_;
    Rope rope_;
    double lambda_ = 0;
    std::int64_t tokens_done_ = 0, probe_rows_ = 0;
    std::vector<double> local_error_L_;
    std::unique_ptr<ProbeSet> selection_set_, second_set_;
    std::unique_ptr<PlanEvaluator> selection_, second_;
};

GateRun::GateRun(const GatesSpec& spec, const GatesInputs& inputs, JobContext& context)
    : spec_(spec), inputs_(inputs), context_(context), optimizer_(inputs.weights->config.num_layers) {
    const DecoderWeights& w = *inputs.weights;
    model_ = {inputs.weights, inputs.branches, spec.full_source == "teacher" ? FullSource::Teacher : FullSource::Mixed,
              spec.propagate};
    weights_ = {alignKindFromString(spec.objective), spec.scale_free_weight, spec.text_kl_weight};
    rope_ = makeRope(w.config, longest(spec), w.embed_VD.device(), w.final_norm_D.scalar_type());
    lambda_ = spec.lambda;
    const PlanEvaluator::Poll poll = [&context] { context.checkpointGate(false); };
    selection_set_ = std::make_unique<ProbeSet>(makeProbeSet(w, inputs.selection_probe));
    second_set_ = std::make_unique<ProbeSet>(makeProbeSet(w, inputs.second_probe));
    selection_ = std::make_unique<PlanEvaluator>(w, inputs.branches, *selection_set_, poll);
    second_ = std::make_unique<PlanEvaluator>(w, inputs.branches, *second_set_, poll);
}

// The pins leave no plan below their full layers, nor above what they do not force to linear.
int GateRun::possibleBudget(double wanted) const {
    const auto isFull = [](const Pin& pin) { return pin.kind == LayerKind::Full; };
    const double full = static_cast<double>(std::count_if(inputs_.pins.begin(), inputs_.pins.end(), isFull));
    const double linear = static_cast<double>(inputs_.pins.size()) - full;
    return static_cast<int>(
        std::clamp(std::trunc(wanted), full, static_cast<double>(inputs_.weights->config.num_layers) - linear));
}

// Live settings take effect at a step boundary and are recorded with the step they begin at.
void GateRun::applyChanges(std::int64_t step) {
    for (const auto& [field, value] : context_.control().takeChanges()) {
        if (field == "lambda") {
            lambda_ = std::max(0.0, value);
        } else if (field == "lr") {
            spec_.lr = std::max(0.0, value);
        } else if (field == "dual_rate") {
            spec_.dual_rate = std::max(0.0, value);
        } else if (field == "budget" && std::isfinite(value)) {
            spec_.budget = possibleBudget(value);
        } else {
            context_.log(Severity::Warning,
                         "[gates] " + field + " cannot change during a run; it takes effect in the next run");
            continue;
        }
        context_.log(Severity::Info,
                     "[gates] " + field + " = " + std::to_string(value) + " from step " + std::to_string(step));
    }
}

// The multiplier that holds the budget differs by five orders of magnitude between objectives (prototype.md 4), so a
// start of the right size saves the dual a long ride.
void GateRun::startLambda() {
    const Batch first = inputs_.train(0);
    local_error_L_ = localErrors(*inputs_.weights, *inputs_.branches, first, false);
    if (spec_.budget_rule != "dual" || spec_.lambda > 0) return;
    if (weights_.kind == AlignKind::Hidden) {
        lambda_ = closedFormLambda(local_error_L_, spec_.budget);
    } else if (weights_.kind == AlignKind::ScaleFree) {
        const std::vector<double> scaled_L = localErrors(*inputs_.weights, *inputs_.branches, first, true);
        lambda_ = closedFormLambda(scaled_L, spec_.budget);
    } else {
        // No closed form for KL: a quarter of the all-linear KL shared over the layers (0.021 against 0.022 measured).
        const std::size_t num_layers = local_error_L_.size();
        const at::Tensor ids_BT = idsTensor(first, inputs_.weights->embed_VD.device());
        const GateRows rows = gateRows(first, kTextStride);
        const at::Tensor rows_N = indexTensor(rows.answer, ids_BT.device());
        const MorphableTape tape = morphableForward(model_, std::vector<double>(num_layers, 0.0), ids_BT, rows_N,
                                                    ropeSlice(rope_, 0, first.tokens));
        ObjectiveGradient unused;
        lambda_ =
            gateObjective(model_, tape, rows, {AlignKind::Kl, 0, 0}, unused).kl / (4 * static_cast<double>(num_layers));
    }
    context_.log(Severity::Info, "[gates] lambda starts at " + std::to_string(lambda_));
}

StepRecord GateRun::takeStep(std::int64_t step) {
    StepRecord record;
    record.step = step;
    const Batch batch = inputs_.train(step);
    record.tokens = std::int64_t{batch.batch} * batch.tokens;
    const at::Tensor ids_BT = idsTensor(batch, inputs_.weights->embed_VD.device());
    const GateRows rows = gateRows(batch, kTextStride);
    const at::Tensor rows_N = indexTensor(rows.answer, ids_BT.device());
    const Rope rope = ropeSlice(rope_, 0, batch.tokens);
    MorphableTape tape = morphableForward(model_, optimizer_.alpha(), ids_BT, rows_N, rope);
    ObjectiveGradient gradient;
    record.value = gateObjective(model_, tape, rows, weights_, gradient);
    const at::Tensor grad_BL =
        morphableBackward(model_, optimizer_.alpha(), tape, gradient.dpost_rows_ND, gradient.dhidden_BTD, rows_N, rope)
            .cpu();
    const at::Tensor sum_L = grad_BL.sum(0);
    const at::Tensor std_L =
        batch.batch > 1 ? grad_BL.std(0, true) * std::sqrt(double(batch.batch)) : at::zeros_like(sum_L);
    record.grad_L.assign(sum_L.const_data_ptr<double>(), sum_L.const_data_ptr<double>() + sum_L.numel());
    record.grad_std_L.assign(std_L.const_data_ptr<double>(), std_L.const_data_ptr<double>() + std_L.numel());
    record.lambda = lambda_;
    record.lr = trapezoidRate(step, spec_.steps, spec_.lr, spec_.lr_floor);
    for (double& g : record.grad_L) {
        g += lambda_;
        if (!std::isfinite(g)) {
            throw WorldError("[gates] step " + std::to_string(step) +
                             ": the gradient is not finite; the branch set may be damaged, align it again");
        }
    }
    optimizer_.step(record.grad_L, record.lr);
    if (spec_.budget_rule == "dual") lambda_ = dualUpdate(lambda_, spec_.dual_rate, optimizer_.sum(), spec_.budget);
    tokens_done_ += record.tokens;
    return record;
}

void GateRun::record(const StepRecord& r) {
    const auto floats = [](const std::vector<double>& values) {
        return std::vector<float>(values.begin(), values.end());
    };
    context_.append(kGateSteps, {r.step, context_.wallMs(), tokens_done_, r.value.total + penalty(r), r.value.total,
                                 penalty(r), r.value.kl, r.value.text_kl, r.value.hidden, r.lambda, r.lr,
                                 double(spec_.budget), optimizer_.sum(), floats(optimizer_.alpha()),
                                 floats(optimizer_.averaged()), floats(r.grad_L), floats(r.grad_std_L)});
    context_.progress(r.step + 1, spec_.steps, "steps", double(tokens_done_) / std::max(1e-3, context_.wallMs() / 1e3));
}

LayerRanking GateRun::ranking() const {
    if (spec_.mode == "paper") return {optimizer_.alpha(), optimizer_.averaged(), local_error_L_};
    return {optimizer_.averaged(), optimizer_.alpha(), local_error_L_};
}

// Probes that belong to the first `steps_done` steps.
std::int64_t GateRun::probesDue(std::int64_t steps_done) const {
    const std::int64_t regular = spec_.probe_every > 0 ? steps_done / spec_.probe_every : 0;
    const bool ends_between = spec_.probe_every == 0 || spec_.steps % spec_.probe_every != 0;
    return regular + (steps_done == spec_.steps && ends_between ? 1 : 0);
}

// Also after a resume: a stop may have come between a step and its probe.
void GateRun::probeWhenDue(std::int64_t steps_done) {
    if (inputs_.selection_probe.empty() || probe_rows_ >= probesDue(steps_done)) return;
    const Plan plan = discretise(ranking(), spec_.budget, inputs_.pins);
    context_.append(kGateProbes, probeRow(steps_done - 1, plan, selection_->evaluate(plan)));
    ++probe_rows_;
}

void GateRun::save(std::int64_t next_step) {
    if (inputs_.checkpoint_path.empty()) return;
    context_.flush();
    JobCheckpoint checkpoint;
    checkpoint.step = next_step;
    checkpoint.tensors["gates"] = at::tensor(optimizer_.save(), at::kDouble);
    checkpoint.tensors["local_error"] = at::tensor(local_error_L_, at::kDouble);
    checkpoint.tensors["scalars"] = at::tensor({lambda_, spec_.lr, spec_.dual_rate, double(spec_.budget)}, at::kDouble);
    checkpoint.rows = {next_step, probe_rows_};
    checkpoint.state = {{"tokens_done", tokens_done_}};
    saveJobCheckpoint(inputs_.checkpoint_path, checkpoint);
}

std::int64_t GateRun::restore() {
    const std::optional<JobCheckpoint> found =
        inputs_.checkpoint_path.empty() ? std::nullopt : loadJobCheckpoint(inputs_.checkpoint_path);
    if (!found) return 0;
    const auto values = [&](const char* name) {
        const at::Tensor t = found->tensors.at(name);
        return std::vector<double>(t.const_data_ptr<double>(), t.const_data_ptr<double>() + t.numel());
    };
    optimizer_.load(values("gates"), found->step);
    local_error_L_ = values("local_error");
    const std::vector<double> scalars = values("scalars");
    lambda_ = scalars[0];
    spec_.lr = scalars[1];
    spec_.dual_rate = scalars[2];
    spec_.budget = static_cast<int>(scalars[3]);
    tokens_done_ = found->state.at("tokens_done").get<std::int64_t>();
    probe_rows_ = found->rows.at(1);
    context_.log(Severity::Info, "[gates] continues from step " + std::to_string(found->step));
    return found->step;
}

void GateRun::reportDead(GatesResult& result) {
    const double mean = optimizer_.sum() / static_cast<double>(optimizer_.alpha().size());
    result.dead = mean > kDeadOpen || mean < kDeadClosed;
    if (!result.dead) return;
    context_.log(Severity::Warning, mean > kDeadOpen
                                        ? "[gates] dead gates: the mean gate is still " + std::to_string(mean) +
                                              " after " + std::to_string(optimizer_.stepsDone()) +
                                              " steps, so their order is noise; raise lambda or use a budget"
                                        : "[gates] all gates closed (mean " + std::to_string(mean) +
                                              "), so their order is noise; lower lambda or use a budget");
}

GatesResult GateRun::run() {
    discretise(ranking(), spec_.budget, inputs_.pins);  // a budget that no plan can meet is refused before any work
    std::int64_t step = restore();
    if (step == 0) startLambda();
    try {
        probeWhenDue(step);
        while (step < spec_.steps) {
            context_.checkpointGate(true);
            applyChanges(step);
            record(takeStep(step));
            ++step;
            probeWhenDue(step);
            if (step % spec_.checkpoint_every == 0) save(step);
        }
    } catch (const Cancelled&) {
        save(step);
        throw;
    }
    save(step);
    GatesResult result;
    result.alpha_L = optimizer_.alpha();
    result.averaged_L = optimizer_.averaged();
    result.local_error_L = local_error_L_;
    result.lambda = lambda_;
    result.ranking = ranking();
    result.plan = discretise(result.ranking, spec_.budget, inputs_.pins);
    reportDead(result);
    if (spec_.swap_refine && !inputs_.selection_probe.empty() && !inputs_.second_probe.empty()) {
        SwapOptions options;
        options.text_kl_weight = spec_.text_kl_weight;
        const SwapResult refined =
            swapRefine(*selection_, *second_, result.plan, rankedLayers(result.ranking), options);
        for (const Swap& swap : refined.swaps) {
            context_.log(Severity::Info, "[gates] swap " + std::to_string(swap.out) + " -> " + std::to_string(swap.in) +
                                             " gains " + std::to_string(swap.gain) + " nat, " +
                                             std::to_string(swap.second_gain) + " on the second probe");
        }
        result.swapped = !refined.swaps.empty();
        result.plan = refined.plan;
        if (result.swapped) {
            context_.append(kGateProbes, probeRow(spec_.steps - 1, result.plan, selection_->evaluate(result.plan)));
        }
    }
    return result;
}

}  // namespace

GatesSpec GatesSpec::paper() {
    GatesSpec spec;
    spec.mode = "paper";
    spec.full_source = "teacher";
    spec.objective = "hidden";
    spec.text_kl_weight = 0;
    spec.text_share = 0;
    spec.budget_rule = "fixed";
    spec.lambda = 0.1;
    spec.tasks = {"passkey"};
    spec.swap_refine = false;
    return spec;
}

std::vector<Problem> gatesSpecFromJson(const nlohmann::json& json, GatesSpec& spec) {
    spec = json.is_object() && json.value("mode", nlohmann::json()) == "paper" ? GatesSpec::paper() : GatesSpec{};
    std::vector<Problem> problems = specFromJson(json, spec);
    parsePins(spec.pins, problems);
    if (spec.lr_floor > spec.lr) problems.push_back({"lr_floor", std::to_string(spec.lr_floor), "at most lr"});
    return problems;
}

GatesResult runGates(const GatesSpec& spec, const GatesInputs& inputs, JobContext& context) {
    const c10::NoGradGuard no_grad;
    return GateRun(spec, inputs, context).run();
}

std::vector<double> localErrors(const DecoderWeights& weights, const BranchSet& branches, const Batch& batch,
                                bool scale_free) {
    const c10::NoGradGuard no_grad;
    const MorphableModel separable{&weights, &branches, FullSource::Teacher, false};
    const at::Tensor ids_BT = idsTensor(batch, weights.embed_VD.device());
    const GateRows rows = gateRows(batch, kTextStride);
    const Rope rope = makeRope(weights.config, batch.tokens, ids_BT.device(), weights.final_norm_D.scalar_type());
    const MorphableTape tape = morphableForward(separable, std::vector<double>(weights.config.num_layers, 0.0), ids_BT,
                                                indexTensor(rows.answer, ids_BT.device()), rope);
    ObjectiveGradient unused;
    const AlignKind kind = scale_free ? AlignKind::ScaleFree : AlignKind::Hidden;
    const ObjectiveValue value = gateObjective(separable, tape, rows, {kind, 0, 0}, unused);
    std::vector<double> errors = value.layer_error_L;
    if (scale_free) {
        for (std::size_t l = 0; l < errors.size(); ++l) {
            const at::Tensor& teacher_ND = tape.teacher_rows_ND[l];
            errors[l] *=
                double(teacher_ND.size(0)) / std::max(1e-30, teacher_ND.square().sum().to(at::kDouble).item<double>());
        }
    }
    return errors;
}

}  // namespace fm
