#include "core/engine/select.h"

#include <algorithm>
#include <numeric>
#include <random>

#include <c10/core/GradMode.h>

#include "core/base/error.h"
#include "core/engine/gate_step.h"
#include "core/plan/discretise.h"
#include "core/plan/probe_tables.h"

namespace fm {
namespace {

constexpr int kPlansTable = 0, kLayersTable = 1, kTriedTable = 2, kInclusionTable = 3, kProbesTable = 4,
              kSequencesTable = 5;

const std::vector<std::string>& selectorNames() {
    static const std::vector<std::string> names = {"uniform-a",  "uniform-b",   "local-error",
                                                   "remove-one", "restore-one", "greedy-remove",
                                                   "greedy-add", "exhaustive",  "random"};
    return names;
}

Plan allOf(int num_layers, LayerKind kind) {
    Plan plan;
    plan.kinds.assign(num_layers, kind);
    return plan;
}

Plan withLayer(Plan plan, int layer, LayerKind kind) {
    plan.kinds[layer] = kind;
    return plan;
}

// Every K-subset of L layers, in lexicographic order: neighbours share their first layers, which the evaluator reuses.
std::vector<Plan> allPlans(int num_layers, int budget) {
    std::vector<Plan> plans;
    std::vector<int> chosen(budget);
    std::iota(chosen.begin(), chosen.end(), 0);
    while (true) {
        plans.push_back(Plan::fromFullLayers(num_layers, chosen));
        int i = budget - 1;
        while (i >= 0 && chosen[i] == num_layers - budget + i) --i;
        if (i < 0) return plans;
        ++chosen[i];
        for (int j = i + 1; j < budget; ++j) chosen[j] = chosen[j - 1] + 1;
    }
}

std::vector<Plan> randomPlans(int num_layers, int budget, std::int64_t count, std::uint64_t seed) {
    std::mt19937_64 engine(seed);
    std::vector<Plan> plans;
    for (std::int64_t i = 0; i < count; ++i) {
        std::vector<int> layers(num_layers);
        std::iota(layers.begin(), layers.end(), 0);
        // Fisher-Yates by hand: std::shuffle may differ between standard libraries.
        for (int j = 0; j < budget; ++j)
            std::swap(layers[j], layers[j + static_cast<int>(engine() % static_cast<std::uint64_t>(num_layers - j))]);
        layers.resize(budget);
        std::sort(layers.begin(), layers.end());
        plans.push_back(Plan::fromFullLayers(num_layers, layers));
    }
    return plans;
}

// The first batch of a probe that asks something.
const Batch& askingBatch(ProbeSet& probe) {
    for (std::int64_t i = 0; i < probe.numEntries(); ++i) {
        if (!probe.entry(i).rows.answer.empty()) return probe.entry(i).batch;
    }
    throw InputError(
        Problem{"tasks", "", "a probe with answers; local errors are measured where answers are predicted"});
}

// The rules on one choosing probe.
class Chooser {
public:
    Chooser(const SelectSpec& spec, const SelectInputs& inputs, std::int64_t seed_index, JobContext& context)
        : spec_(spec),
          inputs_(inputs),
          seed_index_(seed_index),
          context_(context),
          num_layers_(static_cast<int>(inputs.weights->config.num_layers)),
          probe_(*inputs.choosing.at(static_cast<std::size_t>(seed_index))),
          evaluator_(*inputs.weights, inputs.branches, probe_, [&context] { context.checkpointGate(false); }) {}

    SelectedPlan choose(const std::string& selector, int budget);

private:
    std::vector<double> objectives(const std::vector<Plan>& plans);
    std::vector<double> layerValues(const std::string& selector);
    Plan greedy(bool removing, int budget);
    Plan bestOf(const std::vector<Plan>& plans);
    Plan medianOf(const std::vector<Plan>& plans);
    Plan planBy(const std::string& selector, int budget, std::vector<double>& value_L);

    const SelectSpec& spec_;
    const SelectInputs& inputs_;
    std::int64_t seed_index_;
    JobContext& context_;
    int num_layers_;
    ProbeSet& probe_;
    PlanEvaluator evaluator_;
    std::int64_t tried_ = 0;
    std::map<std::string, std::vector<double>> values_;  // by selector: one pass serves every budget
};

std::vector<double> Chooser::objectives(const std::vector<Plan>& plans) {
    std::vector<double> values;
    for (const ProbeScores& scores : evaluator_.evaluate(plans))
        values.push_back(planObjective(scores, spec_.text_kl_weight));
    for (std::size_t i = 0; i < plans.size(); ++i) {
        context_.append(kTriedTable, {plans[i].key(), std::int64_t{plans[i].budget()}, seed_index_, values[i]});
    }
    tried_ += static_cast<std::int64_t>(plans.size());
    return values;
}

std::vector<double> Chooser::layerValues(const std::string& selector) {
    if (values_.contains(selector)) return values_[selector];
    std::vector<double> values;
    if (selector == "local-error") {
        values = localErrors(*inputs_.weights, *inputs_.branches, askingBatch(probe_), false);
    } else {
        const bool removing = selector == "remove-one";
        const Plan base = allOf(num_layers_, removing ? LayerKind::Full : LayerKind::Linear);
        std::vector<Plan> plans = {base};
        for (int l = 0; l < num_layers_; ++l) {
            plans.push_back(withLayer(base, l, removing ? LayerKind::Linear : LayerKind::Full));
        }
        const std::vector<double> loss = objectives(plans);
        for (int l = 0; l < num_layers_; ++l)
            values.push_back(removing ? loss[l + 1] - loss[0] : loss[0] - loss[l + 1]);
    }
    context_.append(kLayersTable, {selector, seed_index_, std::vector<float>(values.begin(), values.end())});
    return values_[selector] = values;
}

// One layer at a time: the cheapest to linearise (removing) or the most useful to restore (adding).
Plan Chooser::greedy(bool removing, int budget) {
    Plan plan = allOf(num_layers_, removing ? LayerKind::Full : LayerKind::Linear);
    while (plan.budget() != budget) {
        std::vector<Plan> plans;
        for (int l = 0; l < num_layers_; ++l) {
            const LayerKind kind = removing ? LayerKind::Linear : LayerKind::Full;
            if (plan.kinds[l] != kind) plans.push_back(withLayer(plan, l, kind));
        }
        plan = bestOf(plans);
    }
    return plan;
}

Plan Chooser::bestOf(const std::vector<Plan>& plans) {
    const std::vector<double> values = objectives(plans);
    return plans[std::min_element(values.begin(), values.end()) - values.begin()];
}

Plan Chooser::medianOf(const std::vector<Plan>& plans) {
    const std::vector<double> values = objectives(plans);
    std::vector<std::size_t> order(plans.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    return plans[order[order.size() / 2]];
}

Plan Chooser::planBy(const std::string& selector, int budget, std::vector<double>& value_L) {
    if (selector == "uniform-a") return uniformA(num_layers_, budget);
    if (selector == "uniform-b") return uniformB(num_layers_, budget);
    if (selector == "exhaustive") return bestOf(allPlans(num_layers_, budget));
    if (selector == "greedy-remove" || selector == "greedy-add") return greedy(selector == "greedy-remove", budget);
    if (selector == "random") {  // the middle of the band
        const auto seed = static_cast<std::uint64_t>(spec_.seed + seed_index_);
        return medianOf(randomPlans(num_layers_, budget, spec_.random_plans, seed));
    }
    value_L = layerValues(selector);
    return discretise({value_L, {}, {}}, budget);
}

SelectedPlan Chooser::choose(const std::string& selector, int budget) {
    SelectedPlan selected;
    selected.selector = selector;
    selected.seed_index = seed_index_;
    const double start_ms = context_.wallMs();
    const std::int64_t before = tried_;
    selected.plan = planBy(selector, budget, selected.value_L);
    selected.chosen_objective = planObjective(evaluator_.evaluate(selected.plan), spec_.text_kl_weight);
    selected.plans_measured = tried_ - before;
    selected.wall_ms = context_.wallMs() - start_ms;
    return selected;
}

// Ranks from 1 of the rules' objectives at one budget and seed; equal ones share the mean of their ranks.
std::map<std::string, double> ranksOf(const std::vector<SelectedPlan>& plans, int budget, std::int64_t seed_index,
                                      double text_weight) {
    std::map<std::string, double> value, ranks;
    for (const SelectedPlan& p : plans) {
        if (p.plan.budget() == budget && p.seed_index == seed_index)
            value[p.selector] = planObjective(p.scores, text_weight);
    }
    for (const auto& [selector, own] : value) {
        double below = 0, equal = 0;
        for (const auto& [ignored, other] : value) below += other < own, equal += other == own;
        ranks[selector] = below + (equal + 1) / 2;
    }
    return ranks;
}

Inclusion inclusionOf(const std::vector<SelectedPlan>& plans, const std::string& selector, int budget,
                      const SelectSpec& spec, std::size_t num_layers) {
    Inclusion inclusion{selector, budget, std::vector<double>(num_layers, 0.0), {}, 0};
    std::vector<double> objectives;
    for (const SelectedPlan& p : plans) {
        if (p.selector != selector || p.plan.budget() != budget) continue;
        objectives.push_back(planObjective(p.scores, spec.text_kl_weight));
        for (const int layer : p.plan.fullLayers())
            inclusion.frequency_L[static_cast<std::size_t>(layer)] += 1 / static_cast<double>(spec.seeds);
        inclusion.mean_rank +=
            ranksOf(plans, budget, p.seed_index, spec.text_kl_weight).at(selector) / static_cast<double>(spec.seeds);
    }
    inclusion.objective = openMean({objectives});
    return inclusion;
}

void record(const SelectedPlan& s, std::int64_t row, JobContext& context) {
    context.append(kPlansTable, {s.selector, s.seed_index, s.plan.key(), std::int64_t{s.plan.budget()},
                                 s.chosen_objective, s.plans_measured, s.wall_ms});
    context.append(kProbesTable, probeRow(-1, s.plan, s.scores, ProbePurpose::Measure));
    for (const SequenceScore& score : s.scores.sequences) context.append(kSequencesTable, sequenceRow(row, score));
}

}  // namespace

std::int64_t binomial(int n, int k) {
    constexpr double kLimit = 4.6e18;
    double exact = 1;
    std::int64_t value = 1;
    for (int i = 1; i <= std::min(k, n - k); ++i) {
        exact = exact * (n - i + 1) / i;
        if (exact > kLimit / n) return std::int64_t{1} << 62;
        value = value * (n - i + 1) / i;
    }
    return value;
}

std::vector<Problem> validate(const SelectSpec& spec, int num_layers) {
    std::vector<Problem> problems;
    for (const std::string& selector : spec.selectors) {
        if (std::find(selectorNames().begin(), selectorNames().end(), selector) == selectorNames().end()) {
            problems.push_back({"selectors", selector,
                                "one of uniform-a, uniform-b, local-error, remove-one, restore-one, greedy-remove, "
                                "greedy-add, exhaustive, random"});
        }
    }
    const bool exhaustive =
        std::find(spec.selectors.begin(), spec.selectors.end(), "exhaustive") != spec.selectors.end();
    for (const int budget : spec.budgets) {
        if (budget < 1 || budget > num_layers) {
            problems.push_back({"budgets", std::to_string(budget), "from 1 to " + std::to_string(num_layers)});
        } else if (exhaustive && binomial(num_layers, budget) > spec.exhaustive_limit) {
            problems.push_back({"exhaustive_limit", std::to_string(spec.exhaustive_limit),
                                "at least " + std::to_string(binomial(num_layers, budget)) +
                                    ", the number of plans with " + std::to_string(budget) + " of " +
                                    std::to_string(num_layers) + " layers"});
        }
    }
    return problems;
}

std::vector<Table> selectTables(std::int64_t num_layers) {
    const int width = static_cast<int>(num_layers);
    const Column selector{"", CellType::Text, 16, "", "the rule that chose"};
    const auto named = [](Column column, const char* path) {
        column.path = path;
        return column;
    };
    const auto whole = [](const char* path, const char* unit, const char* help) {
        return Column{path, CellType::Int64, 1, unit, help};
    };
    return {{"plans",
             {named(selector, "plans/selector"),
              whole("plans/seed_index", "", "which repetition, from 0"),
              {"plans/plan", CellType::Text, width, "", "F full attention, L linear, layer 0 first"},
              whole("plans/budget", "layers", "K, how many layers keep full attention"),
              scalarColumn("plans/chosen_objective", "nat",
                           "answer KL + text weight * text KL on the probe that chose: too good by construction"),
              whole("plans/plans_measured", "plans", "plans this rule looked at"),
              scalarColumn("plans/wall_ms", "ms", "time the rule took")}},
            {"layers",
             {named(selector, "layers/selector"),
              whole("layers/seed_index", "", "which repetition, from 0"),
              {"layers/value", CellType::Float32Vector, width, "", "value per layer, larger = keep"}}},
            {"tried",
             {{"tried/plan", CellType::Text, width, "", "F full attention, L linear, layer 0 first"},
              whole("tried/budget", "layers", "K, how many layers keep full attention"),
              whole("tried/seed_index", "", "which repetition, from 0"),
              scalarColumn("tried/objective", "nat", "answer KL + text weight * text KL on the choosing probe")}},
            {"inclusion",
             {named(selector, "inclusion/selector"),
              whole("inclusion/budget", "layers", "K"),
              scalarColumn("inclusion/objective", "nat", "mean over the seeds, on the measuring probe"),
              scalarColumn("inclusion/objective_low", "nat", "lower end of its 95 % interval over seeds"),
              scalarColumn("inclusion/objective_high", "nat", "upper end of its 95 % interval over seeds"),
              scalarColumn("inclusion/mean_rank", "", "among the rules of this budget, 1 best, over seeds"),
              {"inclusion/frequency", CellType::Float32Vector, width, "1", "share of the seeds that keep the layer"}}},
            probeTable(num_layers),
            sequenceTable()};
}

SelectResult runSelect(const SelectSpec& spec, const SelectInputs& inputs, JobContext& context) {
    const c10::NoGradGuard no_grad;
    SelectResult result;
    PlanEvaluator measure(*inputs.weights, inputs.branches, *inputs.measuring,
                          [&context] { context.checkpointGate(false); });
    const std::int64_t total = static_cast<std::int64_t>(spec.selectors.size() * spec.budgets.size()) * spec.seeds;
    for (std::int64_t seed = 0; seed < spec.seeds; ++seed) {
        Chooser chooser(spec, inputs, seed, context);
        for (const std::string& selector : spec.selectors) {
            for (const int budget : spec.budgets) {
                context.checkpointGate(true);
                SelectedPlan selected = chooser.choose(selector, budget);
                selected.scores = measure.evaluate(selected.plan);
                record(selected, static_cast<std::int64_t>(result.plans.size()), context);
                result.plans.push_back(std::move(selected));
                context.progress(static_cast<std::int64_t>(result.plans.size()), total, "plans");
            }
        }
    }
    for (const std::string& selector : spec.selectors) {
        for (const int budget : spec.budgets) {
            const Inclusion i = inclusionOf(result.plans, selector, budget, spec,
                                            static_cast<std::size_t>(inputs.weights->config.num_layers));
            context.append(kInclusionTable,
                           {selector, std::int64_t{budget}, i.objective.value, i.objective.low, i.objective.high,
                            i.mean_rank, std::vector<float>(i.frequency_L.begin(), i.frequency_L.end())});
            result.inclusion.push_back(i);
        }
    }
    return result;
}

}  // namespace fm
