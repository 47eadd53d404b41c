#include "core/engine/selectors/chooser.h"

#include <algorithm>
#include <numeric>

#include "core/engine/selectors/select_tables.h"

namespace fm {

Chooser::Chooser(const SelectSpec& spec, const SelectInputs& inputs, std::int64_t seed_index, JobContext& context)
    : spec_(spec),
      inputs_(inputs),
      seed_index_(seed_index),
      context_(context),
      num_layers_(static_cast<int>(inputs.weights->config.num_layers)),
      probe_(*inputs.choosing.at(static_cast<std::size_t>(seed_index))),
      evaluator_(*inputs.weights, inputs.branches, probe_, [&context] { context.checkpointGate(false); }) {}

double Chooser::objective(const Plan& plan) { return planObjective(evaluator_.evaluate(plan), spec_.text_kl_weight); }

std::vector<double> Chooser::objectives(const std::vector<Plan>& plans) {
    std::vector<double> values;
    for (const ProbeScores& scores : evaluator_.evaluate(plans))
        values.push_back(planObjective(scores, spec_.text_kl_weight));
    for (std::size_t i = 0; i < plans.size(); ++i) {
        context_.append(select_tables::kTried,
                        {plans[i].key(), std::int64_t{plans[i].budget()}, seed_index_, values[i]});
    }
    tried_ += static_cast<std::int64_t>(plans.size());
    return values;
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

const std::vector<double>& Chooser::layerValues(const std::string& rule,
                                                const std::function<std::vector<double>()>& compute) {
    if (const auto found = values_.find(rule); found != values_.end()) return found->second;
    const std::vector<double> values = compute();
    context_.append(select_tables::kLayers, {rule, seed_index_, std::vector<float>(values.begin(), values.end())});
    return values_[rule] = values;
}

}  // namespace fm
