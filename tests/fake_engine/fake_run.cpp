#include "tests/fake_engine/fake_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <thread>

#include "core/plan/gate_tables.h"

namespace fm::fake {

// How much each layer matters: fixed, irregular, with near ties.
static constexpr double worth[num_layers] = {0.31, 0.12, 0.93, 0.22, 0.35, 0.88, 0.17, 0.34, 0.71, 0.11, 0.52, 0.29};

RunOpened fakeHeader(const std::string& run_id, const std::string& spec_json) {
    RunOpened header{run_id, "gates", spec_json, "fake engine", "no device", "fa4e", {"branches"}, {}};
    header.tables = gatesTables(num_layers);
    return header;
}

float fakeGate(int layer, std::int64_t step, std::int64_t steps) {
    const double done = static_cast<double>(step + 1) / static_cast<double>(steps);
    const double end = std::clamp(1.6 * (worth[layer] - 0.25), 0.0, 1.0);
    const double wave = 0.01 * std::sin(0.7 * static_cast<double>(step) + layer);
    return static_cast<float>(std::clamp(1 + (end - 1) * std::min(1.0, 1.4 * done) + wave, 0.0, 1.0));
}

static Row stepRow(const FakeRunOptions& options, std::int64_t step, double wall_ms) {
    std::vector<float> alpha, mean, grad, spread;
    double sum = 0;
    for (int layer = 0; layer < num_layers; ++layer) {
        alpha.push_back(fakeGate(layer, step, options.steps));
        mean.push_back(fakeGate(layer, step / 2, options.steps));
        grad.push_back(static_cast<float>(options.lambda - 0.1 * worth[layer]));
        spread.push_back(0.01f);
        sum += alpha.back();
    }
    const double align = 0.2 + 0.8 * std::exp(-4.0 * static_cast<double>(step) / static_cast<double>(options.steps));
    const double regulariser = options.lambda * sum;
    return {step,
            wall_ms,
            (step + 1) * 2048,
            align + regulariser,
            align,
            regulariser,
            0.5 * align,
            0.1 * align,
            align,
            options.lambda,
            2e-2,
            1.0 * options.budget,
            sum,
            alpha,
            mean,
            grad,
            spread};
}

void runFakeGates(const FakeRunOptions& given, std::int64_t first, JobContext& context) {
    FakeRunOptions options = given;
    const auto start = std::chrono::steady_clock::now();
    for (std::int64_t step = first; step < options.steps; ++step) {
        context.checkpointGate(true);
        for (const auto& [field, value] : context.control().takeChanges()) {
            if (field == "lambda") options.lambda = value;
            if (field == "budget") options.budget = static_cast<int>(value);
            context.log(Severity::Info,
                        "[gates] " + field + " = " + std::to_string(value) + " from step " + std::to_string(step));
        }
        if (step == options.crash_at) std::raise(SIGKILL);
        context.append(0, stepRow(options, step, context.wallMs()));
        context.progress(step + 1, options.steps, "steps", 2048 * options.rows_per_s);
        // Against the clock, not per row: sleeping cannot keep 10 kHz.
        const double due_s = static_cast<double>(step - first + 1) / options.rows_per_s;
        std::this_thread::sleep_until(start + std::chrono::duration<double>(due_s));
    }
}

double fakeAnswerKl(const Plan& plan) {
    double kl = 0.02;
    for (int layer = 0; layer < num_layers; ++layer)
        if (plan.kinds[static_cast<std::size_t>(layer)] == LayerKind::Linear) kl += 0.3 * worth[layer] * worth[layer];
    return kl;
}

}  // namespace fm::fake
