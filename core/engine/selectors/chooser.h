// What a rule may look at while it chooses: the model and one probe that measures plans. Every plan it measures is
// recorded.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/engine/plan_evaluator.h"
#include "core/engine/select_spec.h"
#include "core/run/job_context.h"

namespace fm {

struct SelectInputs {
    const DecoderWeights* weights = nullptr;
    const BranchSet* branches = nullptr;
    std::vector<std::shared_ptr<ProbeSet>> choosing;  // one for each of the spec's seeds: the rules see only these
    std::shared_ptr<ProbeSet> measuring;              // what the chosen plans are reported on
};

// The rules on one choosing probe. Thread: the job's.
class Chooser {
public:
    Chooser(const SelectSpec& spec, const SelectInputs& inputs, std::int64_t seed_index, JobContext& context);

    const SelectSpec& spec() const { return spec_; }
    const SelectInputs& inputs() const { return inputs_; }
    int numLayers() const { return num_layers_; }
    ProbeSet& probe() const { return probe_; }
    std::int64_t seedIndex() const { return seed_index_; }
    std::uint64_t seed() const { return static_cast<std::uint64_t>(spec_.seed + seed_index_); }
    std::int64_t tried() const { return tried_; }  // plans measured so far

    double objective(const Plan& plan);  // of one that was chosen; not counted as tried
    std::vector<double> objectives(const std::vector<Plan>& plans);
    Plan bestOf(const std::vector<Plan>& plans);    // the first of equals
    Plan medianOf(const std::vector<Plan>& plans);  // of their objectives, the upper one of two

    // Values of a rule per layer, larger = keep, computed and recorded once for every budget.
    const std::vector<double>& layerValues(const std::string& rule,
                                           const std::function<std::vector<double>()>& compute);

private:
    const SelectSpec& spec_;
    const SelectInputs& inputs_;
    std::int64_t seed_index_;
    JobContext& context_;
    int num_layers_;
    ProbeSet& probe_;
    PlanEvaluator evaluator_;
    std::int64_t tried_ = 0;
    std::map<std::string, std::vector<double>> values_;  // by rule
};

}  // namespace fm
