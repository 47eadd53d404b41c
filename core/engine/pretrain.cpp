#include "core/engine/pretrain.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <thread>

#include "core/data/batch_source.h"
#include "core/data/prefetch.h"
#include "core/engine/adamw.h"
#include "core/engine/gate_objective.h"
#include "core/engine/head_loss.h"
#include "core/engine/job_checkpoint.h"
#include "core/engine/loss_rows.h"
#include "core/engine/probe_set.h"
#include "core/engine/tensor_util.h"
#include "core/model/hybrid_model.h"

namespace fm {
namespace {

constexpr int kPretrainSteps = 0, kPretrainEvals = 1;
constexpr std::int32_t kEvalSequences = 64;

// Which phase a step belongs to, and the batches of each phase.
struct Phases {
    std::vector<std::int64_t> first_step;  // one more than phases; the last is the number of steps
    std::int64_t phaseOf(std::int64_t step) const {
        std::int64_t phase = 0;
        while (step >= first_step[phase + 1]) ++phase;
        return phase;
    }
};

Phases phasesOf(const PretrainSpec& spec) {
    Phases phases;
    const double sum = std::accumulate(spec.phase_shares.begin(), spec.phase_shares.end(), 0.0);
    double tokens = 0;
    phases.first_step.push_back(0);
    for (const double share : spec.phase_shares) {
        tokens += static_cast<double>(spec.tokens) * share / sum;
        phases.first_step.push_back(std::llround(tokens / static_cast<double>(spec.tokens_per_step)));
    }
    return phases;
}

double learningRate(const PretrainSpec& spec, std::int64_t step, std::int64_t steps) {
    const double warm = std::max(1.0, 0.02 * static_cast<double>(steps));
    if (static_cast<double>(step) < warm) return spec.lr * static_cast<double>(step + 1) / warm;
    const double done = (static_cast<double>(step) - warm) / std::max(1.0, static_cast<double>(steps) - warm);
    return spec.lr * (0.02 + 0.98 * 0.5 * (1 + std::cos(M_PI * done)));
}

// 1 where a sequence uses layer l's attention in this step; a pure function of (seed, step).
at::Tensor mixerMask(const PretrainSpec& spec, std::int64_t step, std::int64_t batch, at::Device device) {
    at::Generator generator = at::detail::createCPUGenerator(static_cast<std::uint64_t>(spec.seed) * 1000003u +
                                                             static_cast<std::uint64_t>(step));
    return at::rand({spec.num_layers, batch, 1, 1}, generator).ge(spec.mixer_drop).to(device, at::kFloat);
}

at::Tensor forwardDropped(const DecoderWeights& weights, const at::Tensor& ids_BT, const Rope& rope,
                          const at::Tensor& mask_LB11) {
    const double eps = weights.config.rms_norm_eps;
    at::Tensor hidden_BTD = embed(weights, ids_BT);
    for (std::size_t l = 0; l < weights.layers.size(); ++l) {
        const LayerWeights& w = weights.layers[l];
        const at::Tensor mixed_BTD =
            softmaxMixer(rmsNorm(hidden_BTD, w.attn_norm_D, eps), w.attn, weights.config, rope);
        hidden_BTD = at::addcmul(hidden_BTD, mixed_BTD, mask_LB11[static_cast<std::int64_t>(l)]);
        hidden_BTD = hidden_BTD + swigluMlp(rmsNorm(hidden_BTD, w.mlp_norm_D, eps), w.mlp);
    }
    return hidden_BTD;
}

// Tasks that fit a phase's length; the others wait for a longer phase.
std::vector<TaskShare> fittingTasks(const std::vector<TaskWeight>& tasks, const TaskResources& resources,
                                    std::int32_t tokens, JobContext& context) {
    std::vector<TaskShare> fitting;
    std::string left_out;
    for (const TaskWeight& task : tasks) {
        try {
            makeTask(task.task, resources)->make(0, tokens);
            fitting.push_back({task.task, task.weight});
        } catch (const InputError&) {
            left_out += " " + task.task;
        }
    }
    if (fitting.empty()) {
        throw InputError(Problem{"lengths", std::to_string(tokens), "a length that at least one of the tasks fits"});
    }
    if (!left_out.empty()) {
        context.log(Severity::Info, "[pretrain] not at " + std::to_string(tokens) + " tokens:" + left_out);
    }
    return fitting;
}

DecoderWeights startWeights(const PretrainSpec& spec, const PretrainInputs& inputs) {
    const ModelConfig config = pretrainConfig(spec, *inputs.resources.tokenizer);
    if (spec.start.empty())
        return randomWeights(config, static_cast<std::uint64_t>(spec.seed), inputs.device, at::kFloat);
    const std::unique_ptr<Checkpoint> checkpoint = Checkpoint::open(spec.start);
    if (toHfConfig(checkpoint->config(), "float32") != toHfConfig(config, "float32")) {
        throw InputError(Problem{"start", spec.start, "a model of the shape and lengths that this spec asks for"});
    }
    return loadWeights(*checkpoint, inputs.device, at::kFloat);
}

// A GPU takes a batch in less time than one thread makes one; on the CPU the step itself is the longer part.
int dataThreads(at::Device device) {
    const int cores = static_cast<int>(std::thread::hardware_concurrency());
    return device.is_cuda() ? std::clamp(cores - 2, 2, 12) : 1;
}

// TF32 products where a GPU has them, as long as this lives: LibTorch has one setting for the whole process, and what
// is measured after the training must be in full fp32 again.
class Tf32Products {
public:
    Tf32Products() : before_(at::globalContext().float32MatmulPrecision()) {
        at::globalContext().setFloat32MatmulPrecision("high");
    }
    ~Tf32Products() { at::globalContext().setFloat32MatmulPrecision(nameOf(before_)); }
    Tf32Products(const Tf32Products&) = delete;
    Tf32Products& operator=(const Tf32Products&) = delete;

private:
    static const char* nameOf(at::Float32MatmulPrecision precision) {
        if (precision == at::Float32MatmulPrecision::HIGHEST) return "highest";
        return precision == at::Float32MatmulPrecision::HIGH ? "high" : "medium";
    }
    at::Float32MatmulPrecision before_;
};

class PretrainRun {
public:
    PretrainRun(const PretrainSpec& spec, const PretrainInputs& inputs, JobContext& context)
        : spec_(spec),
          inputs_(inputs),
          context_(context),
          weights_(startWeights(spec, inputs)),
          phases_(phasesOf(spec)) {}
    DecoderWeights run();

private:
    double takeStep(std::int64_t step, const Batch& batch);
    void evaluate(std::int64_t step);
    void save(std::int64_t next_step);
    std::int64_t restore();
    std::int64_t steps() const { return phases_.first_step.back(); }

    PretrainSpec spec_;
    PretrainInputs inputs_;
    JobContext& context_;
    DecoderWeights weights_;
    Phases phases_;
    std::unique_ptr<AdamW> optimizer_;
    Rope rope_;
    std::vector<TaskShare> fitting_;  // of the phase at hand
    std::int64_t tokens_done_ = 0, eval_rows_ = 0;
};

double PretrainRun::takeStep(std::int64_t step, const Batch& batch) {
    const at::Tensor ids_BT = idsTensor(batch, inputs_.device);
    const at::Tensor hidden_BTD = forwardDropped(weights_, ids_BT, ropeSlice(rope_, 0, batch.tokens),
                                                 mixerMask(spec_, step, batch.batch, inputs_.device));
    const LossRows rows = lossRows(batch, inputs_.device, [this](double, double) -> LossShares {
        return {1, spec_.context_loss};
    });
    const at::Tensor hidden_ND = hidden_BTD.view({-1, spec_.hidden_size}).index_select(0, rows.rows_N);
    const double loss = crossEntropyBackward(weights_, hidden_ND, rows.labels_N, rows.weight_N);
    if (!std::isfinite(loss)) {
        throw WorldError("[pretrain] step " + std::to_string(step) + ": the loss is not finite; lower lr");
    }
    const c10::NoGradGuard no_grad;
    optimizer_->clipGradients(1.0);
    optimizer_->step(learningRate(spec_, step, steps()));
    optimizer_->zeroGradients();
    tokens_done_ += std::int64_t{batch.batch} * batch.tokens;
    return loss;
}

void PretrainRun::evaluate(std::int64_t step) {
    std::vector<std::string> tasks;
    for (const TaskShare& task : fitting_) {
        if (task.task != "text") tasks.push_back(task.task);
    }
    const std::int32_t tokens = spec_.lengths[static_cast<std::size_t>(phases_.phaseOf(step))];
    for (const TaskRecall& recall : measureRecall(weights_, inputs_.resources, tasks, tokens, kEvalSequences, 9)) {
        context_.append(kPretrainEvals,
                        {step, recall.task, std::int64_t{recall.tokens}, recall.exact_match, recall.token_accuracy});
        ++eval_rows_;
    }
}

void PretrainRun::save(std::int64_t next_step) {
    if (inputs_.checkpoint_path.empty()) return;
    context_.flush();  // a checkpoint counts on the rows before it
    JobCheckpoint checkpoint = checkpointOf(context_.header(), next_step);
    forEachTensor(weights_,
                  [&](const std::string& name, at::Tensor& t) { checkpoint.tensors["weights." + name] = t.detach(); });
    optimizer_->save(checkpoint.tensors, "optimizer.");
    checkpoint.rows = {next_step, eval_rows_};
    checkpoint.state = {{"tokens_done", tokens_done_}};
    saveJobCheckpoint(inputs_.checkpoint_path, checkpoint);
}

std::int64_t PretrainRun::restore() {
    const std::optional<JobCheckpoint> found = loadJobCheckpoint(inputs_.checkpoint_path);
    if (!found) return 0;
    requireBelongs(*found, context_.header(), !inputs_.checkpoint_of_any_run);
    requireStep(*found, steps());
    requireRows(*found, kPretrainSteps, found->step, found->step);
    requireRows(*found, kPretrainEvals, 0, std::numeric_limits<std::int64_t>::max());
    const c10::NoGradGuard no_grad;
    forEachTensor(weights_,
                  [&](const std::string& name, at::Tensor& t) { t.copy_(required(*found, "weights." + name, t)); });
    optimizer_->load(*found, "optimizer.");
    tokens_done_ = requiredCount(*found, "tokens_done");
    eval_rows_ = found->rows[kPretrainEvals];
    return found->step;
}

DecoderWeights PretrainRun::run() {
    std::vector<at::Tensor> matrices, vectors;
    forEachTensor(weights_, [&](const std::string&, at::Tensor& t) {
        t.requires_grad_(true);
        (t.dim() > 1 ? matrices : vectors).push_back(t);
    });
    optimizer_ = std::make_unique<AdamW>(std::vector<AdamWGroup>{{matrices, spec_.weight_decay}, {vectors, 0.0}});
    const std::int64_t longest = *std::max_element(spec_.lengths.begin(), spec_.lengths.end());
    rope_ = makeRope(weights_.config, longest, inputs_.device, at::kFloat);
    std::int64_t step = restore();
    std::vector<Problem> unused;
    const std::vector<TaskWeight> tasks = parseTaskWeights(spec_.tasks, "tasks", unused);
    BatchMix mix;
    mix.tokens_per_batch = static_cast<std::int32_t>(spec_.tokens_per_step);
    const int threads = dataThreads(inputs_.device);
    try {
        while (step < steps()) {
            const std::int64_t phase = phases_.phaseOf(step);
            mix.lengths = {spec_.lengths[static_cast<std::size_t>(phase)]};
            fitting_ = fittingTasks(tasks, inputs_.resources, mix.lengths[0], context_);
            mix.tasks = fitting_;
            const BatchSource source(mix, inputs_.resources, static_cast<std::uint64_t>(spec_.seed));
            BatchPrefetcher batches(source, step, threads, 2 * threads);
            for (; step < phases_.first_step[static_cast<std::size_t>(phase) + 1]; ++step) {
                context_.checkpointGate(true);
                const double loss = takeStep(step, batches.next());
                context_.append(kPretrainSteps,
                                {step, context_.wallMs(), tokens_done_, loss, learningRate(spec_, step, steps())});
                context_.progress(step + 1, steps(), "steps",
                                  double(tokens_done_) / std::max(1e-3, context_.wallMs() / 1e3));
                if ((step + 1) % spec_.eval_every == 0 || step + 1 == steps()) evaluate(step);
                if ((step + 1) % spec_.checkpoint_every == 0) save(step + 1);
            }
        }
    } catch (const Cancelled&) {
        save(step);
        throw;
    }
    forEachTensor(weights_, [](const std::string&, at::Tensor& t) { t = t.detach(); });
    if (weights_.config.tie_embeddings) weights_.head_VD = weights_.embed_VD;
    return weights_;
}

}  // namespace

std::vector<TaskWeight> parseTaskWeights(const std::vector<std::string>& texts, const std::string& field,
                                         std::vector<Problem>& problems) {
    std::vector<TaskWeight> tasks;
    for (const std::string& text : texts) {
        const std::size_t colon = text.find(':');
        TaskWeight task{text.substr(0, colon), 1};
        if (colon != std::string::npos) {
            const char* const end = text.data() + text.size();
            const std::from_chars_result parsed = std::from_chars(text.data() + colon + 1, end, task.weight);
            if (parsed.ec != std::errc() || parsed.ptr != end || !(task.weight > 0)) {
                problems.push_back({field, text, "task:weight with a weight above 0"});
                continue;
            }
        }
        tasks.push_back(task);
    }
    return tasks;
}

std::vector<Problem> validate(const PretrainSpec& spec) {
    std::vector<Problem> problems;
    if (spec.num_heads % spec.num_kv_heads != 0) {
        problems.push_back({"num_kv_heads", std::to_string(spec.num_kv_heads), "a divisor of num_heads"});
    }
    if (spec.head_dim % 2 != 0) problems.push_back({"head_dim", std::to_string(spec.head_dim), "an even number"});
    if (spec.lengths.empty() || spec.lengths.size() != spec.phase_shares.size()) {
        problems.push_back(
            {"phase_shares", std::to_string(spec.phase_shares.size()) + " shares", "one share per length"});
    } else if (!(std::accumulate(spec.phase_shares.begin(), spec.phase_shares.end(), 0.0) > 0)) {
        problems.push_back({"phase_shares", "0", "at least one share above 0"});
    }
    parseTaskWeights(spec.tasks, "tasks", problems);
    return problems;
}

ModelConfig pretrainConfig(const PretrainSpec& spec, const Tokenizer& tokenizer) {
    ModelConfig config;
    config.family = ModelFamily::Qwen3;
    config.vocab_size = tokenizer.vocabSize();
    config.hidden_size = spec.hidden_size;
    config.intermediate_size = spec.intermediate_size;
    config.num_layers = spec.num_layers;
    config.num_heads = spec.num_heads;
    config.num_kv_heads = spec.num_kv_heads;
    config.head_dim = spec.head_dim;
    config.max_position = *std::max_element(spec.lengths.begin(), spec.lengths.end());
    config.rms_norm_eps = 1e-6;
    config.rope_theta = spec.rope_theta;
    config.qk_norm = true;
    config.tie_embeddings = true;
    for (const char* name : {"<|endoftext|>", "<|im_end|>"}) {
        if (tokenizer.idOf(name) >= 0) config.eos_ids.push_back(tokenizer.idOf(name));
    }
    return config;
}

std::vector<Table> pretrainTables() {
    return {{"steps",
             {{"steps/index", CellType::Int64, 1, "steps", "optimiser step, from 0"},
              {"steps/wall_ms", CellType::Float64, 1, "ms", "time since the run was opened"},
              {"steps/tokens", CellType::Int64, 1, "tokens", "tokens seen so far"},
              {"series/loss/total", CellType::Float64, 1, "nat", "answer loss plus weighted context loss"},
              {"series/objective/lr", CellType::Float64, 1, "", "learning rate"}}},
            {"evals",
             {{"eval/step", CellType::Int64, 1, "steps", "step after which the task was measured"},
              {"eval/task", CellType::Text, 32, "", "retrieval task"},
              {"eval/tokens", CellType::Int64, 1, "tokens", "context length"},
              {"eval/exact_match", CellType::Float64, 1, "1", "answers whose every token is the argmax"},
              {"eval/token_accuracy", CellType::Float64, 1, "1", "answer tokens that are the argmax"}}}};
}

DecoderWeights runPretrain(const PretrainSpec& spec, const PretrainInputs& inputs, JobContext& context) {
    const c10::AutoGradMode grad_on(true);
    const Tf32Products tf32;
    return PretrainRun(spec, inputs, context).run();
}

std::vector<TaskRecall> measureRecall(const DecoderWeights& weights, const TaskResources& resources,
                                      const std::vector<std::string>& tasks, std::int32_t tokens,
                                      std::int32_t sequences, std::uint64_t seed) {
    const c10::NoGradGuard no_grad;
    std::vector<TaskRecall> recalls;
    for (const std::string& task : tasks) {
        const BatchMix mix{{{task, 1}}, {tokens}, tokens * sequences, true};
        ProbeSet probe(weights, {BatchSource(mix, resources, seed).batch(0)});
        const TaskScores scores = summarise(probe.entry(0).teacher, 0, sequences, probe.id()).all;
        recalls.push_back({task, tokens, scores.exact_match, scores.token_accuracy});
    }
    return recalls;
}

}  // namespace fm
