#include "core/engine/select.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "core/engine/gates.h"
#include "core/engine/swap_refine.h"
#include "core/run/discretise.h"
#include "core/run/error.h"

namespace fm {
namespace {

constexpr int kPlansTable = 0, kLayersTable = 1, kMeasuredTable = 2;

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

class SelectRun {
public:
    SelectRun(const SelectSpec& spec, const SelectInputs& inputs, JobContext& context)
        : spec_(spec),
          inputs_(inputs),
          context_(context),
          num_layers_(static_cast<int>(inputs.weights->config.num_layers)),
          probe_(makeProbeSet(*inputs.weights, inputs.probe)),
          evaluator_(*inputs.weights, inputs.branches, probe_, [&context] { context.checkpointGate(false); }) {}

    std::vector<SelectedPlan> run();

private:
    SelectedPlan select(const std::string& selector, int budget);
    std::vector<double> objectives(const std::vector<Plan>& plans);
    std::vector<double> layerValues(const std::string& selector);
    Plan greedy(bool removing, int budget);
    Plan bestOf(const std::vector<Plan>& plans);
    void record(const SelectedPlan& selected);

    SelectSpec spec_;
    const SelectInputs& inputs_;
    JobContext& context_;
    int num_layers_;
    ProbeSet probe_;
    PlanEvaluator evaluator_;
    std::int64_t measured_ = 0;
    std::map<std::string, std::vector<double>> values_;  // by selector: one pass serves every budget
};

std::vector<double> SelectRun::objectives(const std::vector<Plan>& plans) {
    std::vector<double> values;
    for (const ProbeScores& scores : evaluator_.evaluate(plans))
        values.push_back(planObjective(scores, spec_.text_kl_weight));
    for (std::size_t i = 0; i < plans.size(); ++i) {
        context_.append(kMeasuredTable, {plans[i].key(), std::int64_t{plans[i].budget()}, values[i]});
    }
    measured_ += static_cast<std::int64_t>(plans.size());
    return values;
}

std::vector<double> SelectRun::layerValues(const std::string& selector) {
    if (values_.contains(selector)) return values_[selector];
    std::vector<double> values;
    if (selector == "local-error") {
        values = localErrors(*inputs_.weights, *inputs_.branches, inputs_.error_batch, false);
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
    context_.append(kLayersTable, {selector, std::vector<float>(values.begin(), values.end())});
    return values_[selector] = values;
}

// One layer at a time: the cheapest to linearise (removing) or the most useful to restore (adding).
Plan SelectRun::greedy(bool removing, int budget) {
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

Plan SelectRun::bestOf(const std::vector<Plan>& plans) {
    const std::vector<double> values = objectives(plans);
    return plans[std::min_element(values.begin(), values.end()) - values.begin()];
}

SelectedPlan SelectRun::select(const std::string& selector, int budget) {
    SelectedPlan selected;
    selected.selector = selector;
    const double start_ms = context_.wallMs();
    const std::int64_t before = measured_;
    if (selector == "uniform-a") {
        selected.plan = uniformA(num_layers_, budget);
    } else if (selector == "uniform-b") {
        selected.plan = uniformB(num_layers_, budget);
    } else if (selector == "exhaustive") {
        selected.plan = bestOf(allPlans(num_layers_, budget));
    } else if (selector == "random") {
        // The band's middle: the median plan by objective.
        std::vector<Plan> plans =
            randomPlans(num_layers_, budget, spec_.random_plans, static_cast<std::uint64_t>(spec_.seed));
        const std::vector<double> values = objectives(plans);
        std::vector<std::size_t> order(plans.size());
        std::iota(order.begin(), order.end(), 0);
        std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
        selected.plan = plans[order[order.size() / 2]];
    } else if (selector == "greedy-remove" || selector == "greedy-add") {
        selected.plan = greedy(selector == "greedy-remove", budget);
    } else {
        selected.value_L = layerValues(selector);
        selected.plan = discretise({selected.value_L, {}, {}}, budget);
    }
    selected.scores = evaluator_.evaluate(selected.plan);
    selected.plans_measured = measured_ - before;
    selected.wall_ms = context_.wallMs() - start_ms;
    return selected;
}

void SelectRun::record(const SelectedPlan& s) {
    context_.append(kPlansTable, {s.selector, s.plan.key(), std::int64_t{s.plan.budget()}, s.scores.all.answer_kl,
                                  halfWidth95(s.scores.sample_kl), s.scores.all.exact_match,
                                  halfWidth95(s.scores.sample_exact), s.scores.text_kl, s.plans_measured, s.wall_ms});
}

std::vector<SelectedPlan> SelectRun::run() {
    std::vector<SelectedPlan> results;
    const std::int64_t total = static_cast<std::int64_t>(spec_.selectors.size() * spec_.budgets.size());
    for (const std::string& selector : spec_.selectors) {
        for (const int budget : spec_.budgets) {
            context_.checkpointGate(true);
            results.push_back(select(selector, budget));
            record(results.back());
            context_.progress(static_cast<std::int64_t>(results.size()), total, "plans");
        }
    }
    return results;
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

std::vector<double> haloScores(const std::vector<double>& recall_L, const std::vector<double>& commonsense_L) {
    constexpr double kEpsilon = 1e-10, kClip = 50;
    const double best_recall = *std::max_element(recall_L.begin(), recall_L.end());
    const double best_commonsense = *std::max_element(commonsense_L.begin(), commonsense_L.end());
    std::vector<double> scores;
    for (std::size_t l = 0; l < recall_L.size(); ++l) {
        scores.push_back(
            std::min(kClip, (best_recall - recall_L[l]) / (best_commonsense - commonsense_L[l] + kEpsilon)));
    }
    return scores;
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
    return {
        {"plans",
         {{"plans/selector", CellType::Text, 16, "", "the rule that chose the plan"},
          {"plans/plan", CellType::Text, width, "", "F full attention, L linear, layer 0 first"},
          {"plans/budget", CellType::Int64, 1, "layers", "K, how many layers keep full attention"},
          scalarColumn("plans/answer_kl", "nat", "KL(teacher || plan) at rows that predict answer tokens"),
          scalarColumn("plans/answer_kl_half_width", "nat", "95 % half-width over sequences"),
          scalarColumn("plans/exact_match", "1", "answers whose every token is the argmax"),
          scalarColumn("plans/exact_match_half_width", "1", "95 % half-width over sequences"),
          scalarColumn("plans/text_kl", "nat", "KL(teacher || plan) on plain text"),
          {"plans/measured", CellType::Int64, 1, "plans", "plans the rule measured on the way"},
          scalarColumn("plans/wall_ms", "ms", "time the rule took")}},
        {"layers",
         {{"layers/selector", CellType::Text, 16, "", "the rule"},
          {"layers/value", CellType::Float32Vector, width, "", "value per layer: the larger, the sooner it is kept"}}},
        {"measured",
         {{"measured/plan", CellType::Text, width, "", "F full attention, L linear, layer 0 first"},
          {"measured/budget", CellType::Int64, 1, "layers", "K"},
          scalarColumn("measured/objective", "nat", "answer KL plus weighted text KL")}}};
}

std::vector<SelectedPlan> runSelect(const SelectSpec& spec, const SelectInputs& inputs, JobContext& context) {
    return SelectRun(spec, inputs, context).run();
}

}  // namespace fm
