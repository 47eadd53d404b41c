#include "core/engine/gates.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/engine/gate_optimizer.h"
#include "core/engine/gate_step.h"
#include "core/engine/job_checkpoint.h"
#include "core/engine/plan_evaluator.h"
#include "core/engine/swap_refine.h"
#include "core/model/morphable_model.h"
#include "core/plan/cut_confidence.h"
#include "core/plan/gate_plan.h"
#include "core/plan/plan_choice.h"
#include "core/plan/probe_tables.h"
#include "core/run/live_fields.h"

namespace fm {
namespace {

constexpr int kGateSteps = 0, kGateProbes = 1, kGateLayers = 2;

// The longest context a batch of this spec can have.
std::int64_t longest(const GatesSpec& spec) { return *std::max_element(spec.lengths.begin(), spec.lengths.end()); }

std::vector<float> floats(const std::vector<double>& values) { return {values.begin(), values.end()}; }

// What the run file holds of these values.
std::vector<double> asStored(const std::vector<double>& values) {
    const std::vector<float> stored = floats(values);
    return {stored.begin(), stored.end()};
}

// One run's state between steps.
class GateRun {
public:
    GateRun(const GatesSpec& spec, const GatesInputs& inputs, JobContext& context);
    GatesResult run();

private:
    int possibleBudget(double wanted) const;
    void applyChanges(std::int64_t step);
    void start();
    void takeStep(std::int64_t step);
    void record(std::int64_t step, const GateStep& taken, double lr, double lambda);
    std::int64_t probesDue(std::int64_t steps_done) const;
    void probeWhenDue(std::int64_t steps_done);
    void save(std::int64_t next_step);
    std::int64_t restore();
    void restoreScalars(const JobCheckpoint& found, const std::vector<double>& scalars);
    void reportCut(GatesResult& result);
    void refine(GatesResult& result);
    LayerRanking ranking() const;

    GatesSpec spec_;
    const GatesInputs& inputs_;
    JobContext& context_;
    MorphableModel model_;
    GateOptimizer optimizer_;
    Rope rope_;
    GateStepInputs step_inputs_;
    double lambda_ = 0;
    std::int64_t tokens_done_ = 0, probe_rows_ = 0;
    std::vector<double> local_error_L_;
    std::vector<std::vector<double>> recent_NL_;  // gates of the last steps, for their spread
    std::unique_ptr<PlanEvaluator> selection_, second_;
};

GateRun::GateRun(const GatesSpec& spec, const GatesInputs& inputs, JobContext& context)
    : spec_(spec), inputs_(inputs), context_(context), optimizer_(inputs.weights->config.num_layers) {
    const DecoderWeights& w = *inputs.weights;
    model_ = {inputs.weights, inputs.branches, spec.full_source == "teacher" ? FullSource::Teacher : FullSource::Mixed,
              spec.propagate};
    rope_ = makeRope(w.config, longest(spec), w.embed_VD.device(), w.final_norm_D.scalar_type());
    lambda_ = spec.lambda;
    const PlanEvaluator::Poll poll = [&context] { context.checkpointGate(false); };
    step_inputs_ = {&model_,
                    inputs.train,
                    spec.micro_batches,
                    rowAverageFromString(spec.row_average),
                    {alignKindFromString(spec.objective), spec.scale_free_weight, spec.text_kl_weight},
                    &rope_,
                    poll};
    if (inputs.selection_probe)
        selection_ = std::make_unique<PlanEvaluator>(w, inputs.branches, *inputs.selection_probe, poll);
    if (inputs.second_probe) second_ = std::make_unique<PlanEvaluator>(w, inputs.branches, *inputs.second_probe, poll);
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
    for (const std::string& field : takeLiveChanges(context_, "gates", step, spec_)) {
        if (field == "lambda") lambda_ = spec_.lambda;
        if (field == "budget") spec_.budget = possibleBudget(spec_.budget);
    }
}

// Local errors and the start of the multiplier, which differs by five orders of magnitude between objectives: a start
// of the right size saves the dual a long ride. Both come from the first batch that asks something.
void GateRun::start() {
    constexpr std::int64_t kMostBatches = 64;
    Batch batch = inputs_.train(0);
    for (std::int64_t i = 1; gateRows(batch, kGateTextStride).answer.empty(); ++i) {
        if (i == kMostBatches)
            throw InputError(Problem{"tasks", "", "tasks that ask something; 64 batches had no answer in them"});
        batch = inputs_.train(i);
    }
    local_error_L_ = localErrors(*inputs_.weights, *inputs_.branches, batch, false);
    context_.append(kGateLayers, {floats(local_error_L_)});
    if (spec_.budget_rule != "dual" || spec_.lambda > 0) return;
    lambda_ = startingLambda(step_inputs_, batch, spec_.budget);
    context_.log(Severity::Info, "[gates] lambda starts at " + std::to_string(lambda_));
}

void GateRun::takeStep(std::int64_t step) {
    GateStep taken = gateStep(step_inputs_, optimizer_.alpha(), step);
    const double lambda = lambda_, lr = trapezoidRate(step, spec_.steps, spec_.lr, spec_.lr_floor);
    for (double& g : taken.grad_L) {
        g += lambda;
        if (!std::isfinite(g)) {
            throw WorldError("[gates] step " + std::to_string(step) +
                             ": the gradient is not finite; the branch set may be damaged, align it again");
        }
    }
    optimizer_.step(taken.grad_L, lr);
    if (spec_.budget_rule == "dual") lambda_ = dualUpdate(lambda_, spec_.dual_rate, optimizer_.sum(), spec_.budget);
    tokens_done_ += taken.tokens;
    recent_NL_.push_back(optimizer_.alpha());
    const auto window = static_cast<std::size_t>(spreadWindow(spec_.steps));
    if (recent_NL_.size() > window) recent_NL_.erase(recent_NL_.begin());
    record(step, taken, lr, lambda);
}

void GateRun::record(std::int64_t step, const GateStep& taken, double lr, double lambda) {
    const double penalty = lambda * optimizer_.sum();
    const ObjectiveValue& value = taken.value;
    context_.append(kGateSteps, {step, context_.wallMs(), tokens_done_, value.total + penalty, value.total, penalty,
                                 value.kl, value.text_kl, value.hidden, lambda, lr, double(spec_.budget),
                                 optimizer_.sum(), floats(optimizer_.alpha()), floats(optimizer_.averaged()),
                                 floats(taken.grad_L), floats(taken.grad_std_L)});
    context_.progress(step + 1, spec_.steps, "steps", double(tokens_done_) / std::max(1e-3, context_.wallMs() / 1e3));
}

LayerRanking GateRun::ranking() const {
    return gateRanking(spec_.mode, asStored(optimizer_.alpha()), asStored(optimizer_.averaged()),
                       asStored(local_error_L_));
}

// Probes that belong to the first `steps_done` steps.
std::int64_t GateRun::probesDue(std::int64_t steps_done) const {
    const std::int64_t regular = spec_.probe_every > 0 ? steps_done / spec_.probe_every : 0;
    const bool ends_between = spec_.probe_every == 0 || spec_.steps % spec_.probe_every != 0;
    return regular + (steps_done == spec_.steps && ends_between ? 1 : 0);
}

// Also after a resume: a stop may have come between a step and its probe.
void GateRun::probeWhenDue(std::int64_t steps_done) {
    if (!selection_ || probe_rows_ >= probesDue(steps_done)) return;
    const Plan plan = discretise(ranking(), spec_.budget, inputs_.pins);
    context_.append(kGateProbes, probeRow(steps_done - 1, plan, selection_->evaluate(plan), ProbePurpose::Choose));
    ++probe_rows_;
}

void GateRun::save(std::int64_t next_step) {
    if (inputs_.checkpoint_path.empty()) return;
    context_.flush();
    JobCheckpoint checkpoint = checkpointOf(context_.header(), next_step);
    checkpoint.tensors["gates"] = at::tensor(optimizer_.save(), at::kDouble);
    checkpoint.tensors["local_error"] = at::tensor(local_error_L_, at::kDouble);
    std::vector<double> recent;
    for (const std::vector<double>& alpha_L : recent_NL_) recent.insert(recent.end(), alpha_L.begin(), alpha_L.end());
    checkpoint.tensors["recent"] = at::tensor(recent, at::kDouble);
    checkpoint.tensors["scalars"] = at::tensor({lambda_, spec_.lr, spec_.dual_rate, double(spec_.budget)}, at::kDouble);
    checkpoint.rows = {next_step, probe_rows_, local_error_L_.empty() ? 0 : 1};
    checkpoint.state = {{"tokens_done", tokens_done_}};
    saveJobCheckpoint(inputs_.checkpoint_path, checkpoint);
}

std::int64_t GateRun::restore() {
    const std::optional<JobCheckpoint> found = loadJobCheckpoint(inputs_.checkpoint_path);
    if (!found) return 0;
    requireBelongs(*found, context_.header());
    requireStep(*found, spec_.steps);
    requireRows(*found, kGateSteps, found->step, found->step);
    requireRows(*found, kGateProbes, 0, probesDue(found->step));
    requireRows(*found, kGateLayers, found->step > 0 ? 1 : 0, 1);
    const auto values = [&](const char* name, std::int64_t count) {
        const at::Tensor t = required(*found, name, {count}, at::kDouble);
        return std::vector<double>(t.const_data_ptr<double>(), t.const_data_ptr<double>() + count);
    };
    const std::int64_t num_layers = inputs_.weights->config.num_layers;
    const std::int64_t kept_steps = std::min<std::int64_t>(found->step, spreadWindow(spec_.steps));
    optimizer_.load(values("gates", 4 * num_layers), found->step);
    local_error_L_ = values("local_error", found->rows[kGateLayers] * num_layers);
    const std::vector<double> recent = values("recent", kept_steps * num_layers);
    for (auto row = recent.begin(); row != recent.end(); row += num_layers)
        recent_NL_.emplace_back(row, row + num_layers);
    restoreScalars(*found, values("scalars", 4));
    tokens_done_ = requiredCount(*found, "tokens_done");
    probe_rows_ = found->rows[kGateProbes];
    context_.log(Severity::Info, "[gates] continues from step " + std::to_string(found->step));
    return found->step;
}

// Live changes may have put them anywhere that applyChanges() allows.
void GateRun::restoreScalars(const JobCheckpoint& found, const std::vector<double>& scalars) {
    lambda_ = scalars[0];
    spec_.lr = scalars[1];
    spec_.dual_rate = scalars[2];
    if (lambda_ < 0 || spec_.lr < 0 || spec_.dual_rate < 0 || possibleBudget(scalars[3]) != scalars[3])
        throw CheckpointError(found.path, "scalars", "multiplier, rates or budget are not possible");
    spec_.budget = static_cast<int>(scalars[3]);
}

void GateRun::reportCut(GatesResult& result) {
    const CutConfidence cut = cutConfidence(result.ranking.score, spreadOfRows(recent_NL_),
                                            discretise(result.ranking, spec_.budget, inputs_.pins));
    result.dead = cut.tied();
    result.undecided = cut.undecided();
    if (!result.undecided) return;
    const double mean = optimizer_.sum() / static_cast<double>(optimizer_.alpha().size());
    const std::string said = "the last layer kept and the first left out stand " + std::to_string(cut.margin) +
                             " apart and move by " + std::to_string(cut.noise) + " (mean gate " + std::to_string(mean) +
                             ")";
    if (result.dead) {
        context_.log(Severity::Warning,
                     "[gates] dead gates: " + said + ", so which is kept is noise; " +
                         (spec_.budget_rule == "dual" ? "take more steps, another budget, or more tokens in a step"
                                                      : "use --budget-rule dual, or change lambda"));
    } else {
        context_.log(Severity::Warning, "[gates] close call: " + said + "; another seed may choose the other one, so " +
                                            "measure both plans");
    }
}

void GateRun::refine(GatesResult& result) {
    SwapOptions options;
    options.text_kl_weight = spec_.text_kl_weight;
    options.on_progress = [this](std::int64_t done, std::int64_t total) {
        context_.progress(done, total, "parts of the probe, refining the plan");
    };
    const SwapResult refined = swapRefine(*selection_, *second_, result.plan, rankedLayers(result.ranking), options);
    const auto tell = [this](const Swap& swap, const char* what) {
        context_.log(Severity::Info, "[gates] swap " + std::to_string(swap.out) + " -> " + std::to_string(swap.in) +
                                         what + std::to_string(swap.gain) + " nat; on the second probe " +
                                         std::to_string(swap.second_gain.value) + ", 95 % from " +
                                         std::to_string(swap.second_gain.low) + " to " +
                                         std::to_string(swap.second_gain.high));
    };
    for (const Swap& swap : refined.swaps) tell(swap, " gains ");
    for (const Swap& swap : refined.refused) tell(swap, " refused: gains ");
    result.swapped = !refined.swaps.empty();
    result.plan = refined.plan;
    if (!result.swapped) return;
    context_.append(kGateProbes,
                    probeRow(spec_.steps - 1, result.plan, selection_->evaluate(result.plan), ProbePurpose::Choose));
}

GatesResult GateRun::run() {
    discretise({optimizer_.alpha(), {}, {}}, spec_.budget, inputs_.pins);  // refused before any work
    std::int64_t step = restore();
    if (step == 0 && local_error_L_.empty()) start();
    try {
        probeWhenDue(step);
        while (step < spec_.steps) {
            context_.checkpointGate(true);
            applyChanges(step);
            takeStep(step);
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
    reportCut(result);
    if (spec_.swap_refine && selection_ && second_) refine(result);
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
    spec.row_average = "rows";
    spec.steps = 0;
    spec.tokens_per_step = 0;
    spec.swap_refine = false;
    return spec;
}

std::vector<Problem> gatesSpecFromJson(const nlohmann::json& json, GatesSpec& spec) {
    spec = json.is_object() && json.value("mode", nlohmann::json()) == "paper" ? GatesSpec::paper() : GatesSpec{};
    std::vector<Problem> problems = specFromJson(json, spec);
    parsePins(spec.pins, problems);
    if (spec.steps < 1 && spec.mode != "paper") problems.push_back({"steps", "0", "at least 1 outside paper mode"});
    if (spec.lr_floor > spec.lr) problems.push_back({"lr_floor", std::to_string(spec.lr_floor), "at most lr"});
    return problems;
}

GatesResult runGates(const GatesSpec& spec, const GatesInputs& inputs, JobContext& context) {
    const c10::NoGradGuard no_grad;
    return GateRun(spec, inputs, context).run();
}

}  // namespace fm
