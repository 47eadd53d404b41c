// A gate run that nobody computed: plausible rows from a formula, at any rate.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/plan/plan.h"
#include "core/run/job_context.h"

namespace fm::fake {

constexpr int num_layers = 12;

struct FakeRunOptions {
    std::int64_t steps = 120;
    double rows_per_s = 50;
    std::int64_t crash_at = -1;  // step at which the process kills itself; -1: never
    int budget = 4;
    double lambda = 0.05;
};

RunOpened fakeHeader(const std::string& run_id, const std::string& spec_json);

// Gates of layer `layer` after `step` of `steps`: they start at 1 and part ways; the same numbers every time.
float fakeGate(int layer, std::int64_t step, std::int64_t steps);

// Rows of steps [first, steps). Obeys the context's control; live: lambda, budget. The caller has opened the context.
void runFakeGates(const FakeRunOptions& options, std::int64_t first, JobContext& context);

// A probe's answer KL: falls with every full layer, most with those whose gates stay open.
double fakeAnswerKl(const Plan& plan);

}  // namespace fm::fake
