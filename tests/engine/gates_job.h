// A gate run on the tiny model, driven as the command line would: shared by the tests of the job.
#pragma once

#include <optional>
#include <string>

#include "core/base/error.h"
#include "core/engine/gates.h"
#include "core/plan/gate_tables.h"
#include "tests/support/job_harness.h"
#include "tests/support/tiny_model.h"

namespace fm::testing {

inline constexpr int kGateLayers = 4;

inline GatesSpec tinyGates() {
    GatesSpec spec;
    spec.budget = 2;
    spec.steps = 12;
    spec.lengths = {20};
    spec.tasks = {"tiny"};
    spec.checkpoint_every = 3;
    spec.swap_refine = false;
    return spec;
}

struct GateJob {
    GatesSpec spec = tinyGates();
    TinyModel tiny = tinyModel(kGateLayers, at::kFloat);
    std::vector<Pin> pins;
    std::string checkpoint_path;
    bool with_probes = false;
    BatchFn train = [](std::int64_t i) { return tinyBatch(3, 20, 4, 1, static_cast<std::uint64_t>(i) + 1); };
    JobHarness harness{gatesTables(kGateLayers)};

    GatesResult run() {
        GatesInputs inputs;
        inputs.weights = &tiny.weights;
        inputs.branches = &tiny.branches;
        inputs.train = train;
        if (with_probes) {
            inputs.selection_probe = std::make_shared<ProbeSet>(tiny.weights, std::vector{tinyBatch(3, 20, 4, 1, 501)});
            inputs.second_probe = std::make_shared<ProbeSet>(tiny.weights, std::vector{tinyBatch(3, 20, 4, 1, 502)});
        }
        inputs.pins = pins;
        inputs.checkpoint_path = checkpoint_path;
        return runGates(spec, inputs, harness.context);
    }
    std::vector<std::vector<float>> alpha() const { return harness.cells<std::vector<float>>(0, "gates/alpha"); }
};

}  // namespace fm::testing
