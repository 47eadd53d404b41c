#include "app/cli/aten_timing.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <functional>
#include <vector>

#include "core/model/chunked_gdn.h"
#include "core/model/chunked_lightning.h"

namespace fm::cli {

namespace {

constexpr int kRepeats = 7;
constexpr std::int64_t kTokens = 512;
constexpr std::int64_t kHeads = 2;

class OneThread {
public:
    OneThread() : threads_(at::get_num_threads()) { at::set_num_threads(1); }
    ~OneThread() { at::set_num_threads(threads_); }
    OneThread(const OneThread&) = delete;
    OneThread& operator=(const OneThread&) = delete;

private:
    int threads_;
};

double threadMicroseconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) * 1e-3;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

// The backward pass runs on the calling thread on the CPU, so that its thread time is the whole cost.
AtenTiming time(const std::function<at::Tensor()>& forward) {
    const OneThread one_thread;
    forward().sum().backward();
    std::vector<double> forward_us;
    std::vector<double> backward_us;
    for (int repeat = 0; repeat < kRepeats; ++repeat) {
        const double begin_us = threadMicroseconds();
        const at::Tensor loss = forward().sum();
        const double middle_us = threadMicroseconds();
        loss.backward();
        forward_us.push_back(middle_us - begin_us);
        backward_us.push_back(threadMicroseconds() - middle_us);
    }
    constexpr double kTokenHeads = static_cast<double>(kTokens * kHeads);
    return {median(forward_us) / kTokenHeads, median(backward_us) / kTokenHeads};
}

at::Tensor randomLeaf(std::int64_t dim, at::Generator& generator, bool unit_rows) {
    at::Tensor x_BTHd = at::randn({1, kTokens, kHeads, dim}, generator, at::kFloat);
    if (unit_rows) x_BTHd = x_BTHd / x_BTHd.norm(2, -1, true);
    return x_BTHd.requires_grad_(true);
}

}  // namespace

AtenTiming timeAtenGdn(std::int64_t dim) {
    at::Generator generator = at::detail::createCPUGenerator(1);
    GdnInputs inputs;
    inputs.q_BTHk = randomLeaf(dim, generator, true);
    inputs.k_BTHk = randomLeaf(dim, generator, true);
    inputs.v_BTHv = randomLeaf(dim, generator, false);
    inputs.g_BTH = (-0.1 * at::rand({1, kTokens, kHeads}, generator, at::kFloat)).requires_grad_(true);
    inputs.beta_BTH = at::rand({1, kTokens, kHeads}, generator, at::kFloat).requires_grad_(true);
    inputs.scale = 1 / std::sqrt(static_cast<double>(dim));
    return time([&inputs] { return chunked::gdn(inputs, nullptr); });
}

AtenTiming timeAtenLightning(std::int64_t dim) {
    at::Generator generator = at::detail::createCPUGenerator(2);
    LightningInputs inputs;
    inputs.q_BTHk = randomLeaf(dim, generator, false);
    inputs.k_BTHk = randomLeaf(dim, generator, false);
    inputs.v_BTHv = randomLeaf(dim, generator, false);
    inputs.log_decay_H = -at::linspace(0.05, 0.5, kHeads, at::kFloat);
    inputs.scale = 1 / std::sqrt(static_cast<double>(dim));
    return time([&inputs] { return chunked::lightning(inputs); });
}

}  // namespace fm::cli
