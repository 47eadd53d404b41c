#include "app/cli/bench_kernels.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <chrono>
#include <functional>

#include "app/cli/recurrence_case.h"
#include "core/model/chunked_gdn.h"
#include "core/model/chunked_lightning.h"
#include "kernels/cpu/kernel_path.h"

namespace fm::cli {

namespace {

using kernels::KernelPath;

constexpr KernelPath kPaths[] = {KernelPath::Scalar, KernelPath::Avx2, KernelPath::Avx512};
constexpr int kLeastRepeats = 3;

// Median of as many runs as fit into the time, after one that is not counted.
double medianSeconds(double time_limit_s, const std::function<void()>& work) {
    using Clock = std::chrono::steady_clock;
    work();
    std::vector<double> seconds;
    double sum_s = 0;
    while (sum_s < time_limit_s || seconds.size() < kLeastRepeats) {
        const Clock::time_point start = Clock::now();
        work();
        seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
        sum_s += seconds.back();
    }
    const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
    std::nth_element(seconds.begin(), middle, seconds.end());
    return *middle;
}

// Restores path and thread count: both belong to the process.
class OneThread {
public:
    OneThread() : path_(kernels::kernelPath()), threads_(at::get_num_threads()) { at::set_num_threads(1); }
    ~OneThread() {
        kernels::setKernelPath(path_);
        at::set_num_threads(threads_);
    }

private:
    KernelPath path_;
    int threads_;
};

class Stopwatch {
public:
    explicit Stopwatch(const KernelBenchSpec& spec) : spec_(spec) {}

    void measure(const std::string& kernel, const std::string& path, std::int64_t tokens,
                 const std::function<void()>& work) {
        const double seconds = medianSeconds(spec_.seconds, work);
        timings.push_back({kernel, path, seconds * 1e6 / static_cast<double>(tokens * spec_.heads)});
    }

    std::vector<KernelTiming> timings;

private:
    const KernelBenchSpec& spec_;
};

void timePath(const KernelBenchSpec& spec, const CaseShape& shape, const std::string& path, Stopwatch& watch) {
    const GdnInputs gdn = gdnCase(shape, 1);
    const LightningInputs lightning = lightningCase(shape, 2);
    const at::Tensor do_BTHv = outputGradient_BTHv(shape, 3);
    watch.measure("gdn_forward", path, spec.tokens, [&] { gdnRecurrence(gdn); });
    GdnSaved saved;
    gdnForwardSaved(gdn, saved);
    watch.measure("gdn_backward", path, spec.tokens, [&] { gdnBackward(saved, do_BTHv); });
    watch.measure("lightning_forward", path, spec.tokens, [&] { lightningRecurrence(lightning); });
    watch.measure("lightning_backward", path, spec.tokens, [&] { lightningBackward(lightning, do_BTHv); });

    const GdnInputs gdn_token = gdnCase({1, shape.heads, shape.dim}, 4);
    const LightningInputs lightning_token = lightningCase({1, shape.heads, shape.dim}, 5);
    at::Tensor state_BHkv = at::zeros({1, shape.heads, shape.dim, shape.dim}, at::kFloat);
    watch.measure("gdn_decode", path, 1, [&] { gdnDecode(gdn_token, state_BHkv); });
    watch.measure("lightning_decode", path, 1, [&] { lightningDecode(lightning_token, state_BHkv); });
}

void timeAten(const KernelBenchSpec& spec, const CaseShape& shape, Stopwatch& watch) {
    const GdnInputs gdn = gdnCase(shape, 1);
    const LightningInputs lightning = lightningCase(shape, 2);
    watch.measure("gdn_forward", "aten", spec.tokens, [&] { chunked::gdn(gdn, nullptr); });
    watch.measure("lightning_forward", "aten", spec.tokens, [&] { chunked::lightning(lightning); });
}

}  // namespace

std::vector<KernelTiming> timeKernels(const KernelBenchSpec& spec) {
    const c10::NoGradGuard no_gradients;
    const OneThread one_thread;
    const CaseShape shape{spec.tokens, spec.heads, spec.dim};
    Stopwatch watch(spec);
    for (const KernelPath path : kPaths) {
        if (kernels::setKernelPath(path)) timePath(spec, shape, kernels::toString(path), watch);
    }
    timeAten(spec, shape, watch);
    return watch.timings;
}

}  // namespace fm::cli
