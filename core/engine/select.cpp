#include "core/engine/select.h"

#include <algorithm>
#include <map>

#include <c10/core/GradMode.h>

#include "core/base/assert.h"
#include "core/base/error.h"
#include "core/base/joined.h"
#include "core/engine/selectors/selector.h"
#include "core/plan/probe_tables.h"

namespace fm {
namespace {

SelectedPlan choose(Chooser& chooser, const Selector& selector, int budget, const JobContext& context) {
    SelectedPlan selected;
    selected.selector = selector.name;
    selected.seed_index = chooser.seedIndex();
    const double start_ms = context.wallMs();
    const std::int64_t before = chooser.tried();
    ChosenLayers chosen = selector.choose(chooser, budget);
    selected.plan = std::move(chosen.plan);
    selected.value_L = std::move(chosen.value_L);
    selected.chosen_objective = chooser.objective(selected.plan);
    selected.plans_measured = chooser.tried() - before;
    selected.wall_ms = context.wallMs() - start_ms;
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
    context.append(select_tables::kPlans, {s.selector, s.seed_index, s.plan.key(), std::int64_t{s.plan.budget()},
                                           s.chosen_objective, s.plans_measured, s.wall_ms});
    context.append(select_tables::kProbes, probeRow(-1, s.plan, s.scores, ProbePurpose::Measure));
    for (const SequenceScore& score : s.scores.sequences)
        context.append(select_tables::kSequences, sequenceRow(row, score));
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
        if (!findSelector(selector))
            problems.push_back({"selectors", selector, "one of " + joinedWords(selectorNames())});
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
                const Selector* rule = findSelector(selector);
                FM_ASSERT(rule, "the names of the rules are validated");
                SelectedPlan selected = choose(chooser, *rule, budget, context);
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
            context.append(select_tables::kInclusion,
                           {selector, std::int64_t{budget}, i.objective.value, i.objective.low, i.objective.high,
                            i.mean_rank, std::vector<float>(i.frequency_L.begin(), i.frequency_L.end())});
            result.inclusion.push_back(i);
        }
    }
    return result;
}

}  // namespace fm
