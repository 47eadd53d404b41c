#include "core/engine/interact.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "core/base/error.h"
#include "core/engine/gate_objective.h"
#include "core/engine/tensor_util.h"
#include "core/model/morphable_model.h"

namespace fm {
namespace {

constexpr int kSinglesTable = 0, kPairsTable = 1, kCurvatureTable = 2;

Plan linearised(int num_layers, std::initializer_list<int> layers) {
    Plan plan;
    plan.kinds.assign(num_layers, LayerKind::Full);
    for (const int layer : layers) plan.kinds[layer] = LayerKind::Linear;
    return plan;
}

// Gradient in the gates of the probe's answer KL, averaged over its sequences.
std::vector<double> gateGradient(const MorphableModel& model, ProbeSet& probe, const std::vector<double>& alpha_L,
                                 JobContext& context) {
    std::vector<double> sum_L(alpha_L.size(), 0.0);
    double num_sequences = 0;
    for (std::int64_t i = 0; i < probe.numEntries(); ++i) {
        const ProbeSet::Entry& entry = probe.entry(i);
        if (entry.rows.answer.empty()) continue;
        context.checkpointGate(false);
        const double weight = static_cast<double>(std::count_if(entry.teacher.begin(), entry.teacher.end(),
                                                                [](const SequenceScore& s) { return !s.isText(); }));
        const at::Tensor rows_N = indexTensor(entry.rows.answer, entry.ids_BT.device());
        const Rope rope = ropeSlice(probe.rope(), 0, entry.batch.tokens);
        MorphableTape tape = morphableForward(model, alpha_L, entry.ids_BT, rows_N, rope);
        ObjectiveGradient gradient;
        gateObjective(model, tape, entry.rows, {AlignKind::Kl, 0, 0}, gradient);
        const at::Tensor grad_L =
            morphableBackward(model, alpha_L, tape, gradient.dpost_rows_ND, gradient.dhidden_BTD, rows_N, rope)
                .sum(0)
                .cpu();
        for (std::size_t l = 0; l < sum_L.size(); ++l) sum_L[l] += weight * grad_L.const_data_ptr<double>()[l];
        num_sequences += weight;
    }
    for (double& value : sum_L) value /= std::max(1.0, num_sequences);
    return sum_L;
}

// Rows of the Hessian by one-sided differences of the gradient into the interval (gates live in [0, 1]).
void measureCurvature(const InteractSpec& spec, const InteractInputs& inputs, ProbeSet& probe, JobContext& context,
                      InteractResult& result) {
    const MorphableModel model{inputs.weights, inputs.branches, FullSource::Mixed, true};
    const std::size_t num_layers = inputs.plan.kinds.size();
    std::vector<double> alpha_L;
    for (const LayerKind kind : inputs.plan.kinds) alpha_L.push_back(kind == LayerKind::Full ? 1.0 : 0.0);
    const std::vector<double> base_L = gateGradient(model, probe, alpha_L, context);
    std::vector<double> raw(num_layers * num_layers);
    for (std::size_t i = 0; i < num_layers; ++i) {
        context.checkpointGate(true);
        const double step = alpha_L[i] > 0.5 ? -spec.curvature_step : spec.curvature_step;
        std::vector<double> moved_L = alpha_L;
        moved_L[i] += step;
        const std::vector<double> grad_L = gateGradient(model, probe, moved_L, context);
        for (std::size_t j = 0; j < num_layers; ++j) raw[i * num_layers + j] = (grad_L[j] - base_L[j]) / step;
        context.progress(static_cast<std::int64_t>(i + 1), static_cast<std::int64_t>(num_layers), "layers");
    }
    result.curvature.resize(raw.size());
    for (std::size_t i = 0; i < num_layers; ++i) {
        for (std::size_t j = 0; j < num_layers; ++j) {
            result.curvature[i * num_layers + j] = (raw[i * num_layers + j] + raw[j * num_layers + i]) / 2;
        }
        const auto row = result.curvature.begin() + static_cast<std::ptrdiff_t>(i * num_layers);
        context.append(kCurvatureTable, {static_cast<std::int64_t>(i), inputs.plan.key(),
                                         std::vector<float>(row, row + static_cast<std::ptrdiff_t>(num_layers))});
    }
}

void measurePairs(PlanEvaluator& evaluator, int num_layers, JobContext& context, InteractResult& result) {
    const std::size_t n = result.layers.size();
    std::vector<Plan> singles = {linearised(num_layers, {})};
    for (const int layer : result.layers) singles.push_back(linearised(num_layers, {layer}));
    const std::vector<ProbeScores> scores = evaluator.evaluate(singles);
    result.base = scores[0].all.answer_kl;
    for (std::size_t i = 0; i < n; ++i) {
        result.single.push_back(scores[i + 1].all.answer_kl);
        context.append(kSinglesTable, {std::int64_t{result.layers[i]}, result.single[i], scores[i + 1].text_kl.value});
    }
    result.pair.assign(n * n, 0.0);
    std::int64_t done = 0;
    for (std::size_t i = 0; i < n; ++i) {
        context.checkpointGate(true);
        std::vector<Plan> plans;  // one row of the map at a time: the picture fills while it is measured
        for (std::size_t j = i + 1; j < n; ++j)
            plans.push_back(linearised(num_layers, {result.layers[i], result.layers[j]}));
        const std::vector<ProbeScores> row = evaluator.evaluate(plans);
        for (std::size_t j = i + 1; j < n; ++j) {
            const double both = row[j - i - 1].all.answer_kl;
            const double extra = both - result.single[i] - result.single[j] + result.base;
            result.pair[i * n + j] = result.pair[j * n + i] = extra;
            context.append(kPairsTable, {std::int64_t{result.layers[i]}, std::int64_t{result.layers[j]}, both, extra});
        }
        done += static_cast<std::int64_t>(plans.size());
        context.progress(done, static_cast<std::int64_t>(n * (n - 1) / 2), "pairs");
    }
}

}  // namespace

std::vector<Table> interactTables(std::int64_t num_layers) {
    const int width = static_cast<int>(num_layers);
    return {{"singles",
             {{"interact/layer", CellType::Int64, 1, "", "the layer that is linearised, all others full"},
              {"interact/single", CellType::Float64, 1, "nat", "answer KL with that layer linearised"},
              {"interact/single_text", CellType::Float64, 1, "nat", "text KL with that layer linearised"}}},
            {"pairs",
             {{"interact/first", CellType::Int64, 1, "", "first layer of the pair"},
              {"interact/second", CellType::Int64, 1, "", "second layer of the pair"},
              {"interact/both", CellType::Float64, 1, "nat", "answer KL with both linearised"},
              {"interact/extra", CellType::Float64, 1, "nat", "what both cost beyond the sum of each alone"}}},
            {"curvature",
             {{"interact/row", CellType::Int64, 1, "", "layer of this row of the matrix"},
              {"interact/plan", CellType::Text, width, "", "the plan at which the curvature is taken"},
              {"interact/curvature", CellType::Float32Vector, width, "nat",
               "second derivatives of the answer KL in the gates"}}}};
}

InteractResult runInteract(const InteractSpec& spec, const InteractInputs& inputs, JobContext& context) {
    const c10::NoGradGuard no_grad;
    const int num_layers = static_cast<int>(inputs.weights->config.num_layers);
    InteractResult result;
    result.layers = spec.pair_layers;
    if (result.layers.empty()) {
        result.layers.resize(num_layers);
        std::iota(result.layers.begin(), result.layers.end(), 0);
    }
    std::set<int> seen;
    for (const int layer : result.layers) {
        if (layer < 0 || layer >= num_layers || !seen.insert(layer).second)
            throw InputError(Problem{"pair_layers", std::to_string(layer),
                                     "each a layer from 0 to " + std::to_string(num_layers - 1) + ", named once"});
    }
    ProbeSet& probe = *inputs.probe;
    PlanEvaluator evaluator(*inputs.weights, inputs.branches, probe, [&context] { context.checkpointGate(false); });
    measurePairs(evaluator, num_layers, context, result);
    if (spec.curvature) measureCurvature(spec, inputs, probe, context, result);
    return result;
}

}  // namespace fm
