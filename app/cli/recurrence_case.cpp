#include "app/cli/recurrence_case.h"

#include <ATen/ATen.h>

#include <cmath>

namespace fm::cli {

namespace {

// Own generator: the process-wide one belongs to the jobs.
class Random {
public:
    explicit Random(std::uint64_t seed) : generator_(at::detail::createCPUGenerator(seed)) {}
    at::Tensor normal(at::IntArrayRef sizes) { return at::randn(sizes, generator_, at::kFloat); }

private:
    at::Generator generator_;
};

at::Tensor unitRows(const at::Tensor& x) { return x / x.norm(2, -1, true).clamp_min(1e-6); }

}  // namespace

GdnInputs gdnCase(const CaseShape& shape, std::uint64_t seed) {
    Random random(seed);
    const std::int64_t sizes[] = {1, shape.tokens, shape.heads, shape.dim};
    const std::int64_t scalar_sizes[] = {1, shape.tokens, shape.heads};
    GdnInputs inputs;
    inputs.q_BTHk = unitRows(random.normal(sizes));
    inputs.k_BTHk = unitRows(random.normal(sizes));
    inputs.v_BTHv = random.normal(sizes);
    inputs.g_BTH = -at::softplus(random.normal(scalar_sizes) - 2);
    inputs.beta_BTH = at::sigmoid(random.normal(scalar_sizes));
    inputs.scale = 1 / std::sqrt(static_cast<double>(shape.dim));
    return inputs;
}

LightningInputs lightningCase(const CaseShape& shape, std::uint64_t seed) {
    Random random(seed);
    const std::int64_t sizes[] = {1, shape.tokens, shape.heads, shape.dim};
    LightningInputs inputs;
    inputs.q_BTHk = random.normal(sizes);
    inputs.k_BTHk = random.normal(sizes);
    inputs.v_BTHv = random.normal(sizes);
    inputs.log_decay_H = -at::linspace(0.01, 0.5, shape.heads, at::kFloat);
    inputs.scale = 1 / std::sqrt(static_cast<double>(shape.dim));
    return inputs;
}

at::Tensor outputGradient_BTHv(const CaseShape& shape, std::uint64_t seed) {
    return Random(seed).normal({1, shape.tokens, shape.heads, shape.dim});
}

}  // namespace fm::cli
