// Compares the GDN kernels with the float64 recurrence over a table of shapes, or times them.
//   check_gdn              all cases; exit status 1 if a bound is broken
//   check_gdn --small      a few short ones, for memory checkers
//   check_gdn --time       medians of the shapes that are quoted
//   check_gdn --once       each of them once, for profilers
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <future>
#include <string>
#include <vector>

#include "kernels/cuda/gdn_device_run.h"

namespace {

using namespace fm::kernels;

// Relative l2 errors of bf16 operands with fp32 sums against float64, simulated in advance: forward 3.7e-3 (random
// keys), 7.4e-3 (keys with cosines near 0.9). A gradient passes through the same products twice. Decay and beta
// gradients are differences of such sums.
struct Bounds {
    double output = 5e-3;
    double gradient = 8e-3;
    double gate_gradient = 1.2e-2;
};

double boundOf(const std::string& output, const GdnCase& c) {
    const Bounds bounds;
    // One token leaves single dot products, whose terms may all but cancel.
    const double factor = c.tokens == 1 ? 4 : c.correlated_keys ? 1.8 : 1;
    if (output == "o" || output == "final_state") return factor * bounds.output;
    if (output == "dg" || output == "dbeta") return factor * bounds.gate_gradient;
    return factor * bounds.gradient;
}

std::vector<GdnCase> fullCases() {
    std::vector<GdnCase> cases;
    for (const std::int32_t dim : {64, 128}) {
        for (const std::int32_t heads : {2, 1}) {
            for (const std::int32_t tokens : {1, 63, 64, 65, 1000}) {
                cases.push_back({2, tokens, heads, 2, dim, true, {}});
                cases.push_back({2, tokens, heads, 2, dim, false, {tokens, tokens * 2 / 3}});
            }
        }
        cases.push_back({3, 200, 1, 3, dim, true, {0, 64, 129}});
        cases.push_back({1, 300, 2, 2, dim, true, {}, false, -3});
        cases.push_back({1, 300, 2, 2, dim, true, {}, true, 6});
        cases.push_back({1, 300, 2, 2, dim, true, {}, false, 3, true});
        cases.push_back({40, 130, 2, 4, dim, true, {}});
    }
    return cases;
}

std::vector<GdnCase> smallCases() {
    std::vector<GdnCase> cases;
    for (const std::int32_t dim : {64, 128}) {
        cases.push_back({2, 130, 1, 2, dim, true, {130, 70}});
        cases.push_back({dim == 64 ? 64 : 32, 65, 2, 2, dim, false, {}});
    }
    return cases;
}

std::string nameOf(const GdnCase& c) {
    std::string name = std::to_string(c.batch) + "x" + std::to_string(c.tokens) + " h" + std::to_string(c.heads) + "/" +
                       std::to_string(c.value_heads) + " d" + std::to_string(c.head_dim);
    if (c.with_states) name += " states";
    if (!c.lengths_B.empty()) name += " padded";
    if (c.correlated_keys) name += " correlated";
    if (c.mean_gate < 0) name += " short memory";
    if (c.extreme_gates) name += " extreme gates";
    return name;
}

// An output whose true values are all but zero (one token, no state) has no relative error worth a bound.
bool withinBound(const OutputError& error, const GdnCase& c) {
    return error.relative_l2 <= boundOf(error.output, c) || error.absolute_max <= 1e-6;
}

struct Worst {
    std::string output;
    double relative_l2;
    std::string name;
};

void keepWorst(std::vector<Worst>& worst, const OutputError& error, const std::string& name) {
    const auto found =
        std::find_if(worst.begin(), worst.end(), [&](const Worst& w) { return w.output == error.output; });
    if (found == worst.end()) {
        worst.push_back({error.output, error.relative_l2, name});
    } else if (!(error.relative_l2 <= found->relative_l2)) {
        *found = {error.output, error.relative_l2, name};
    }
}

void printWorst(const char* title, const std::vector<Worst>& worst) {
    std::printf("worst, %s:\n", title);
    for (const Worst& w : worst) std::printf("  %-15s %.2e  %s\n", w.output.c_str(), w.relative_l2, w.name.c_str());
}

int check(const std::vector<GdnCase>& cases) {
    std::vector<KernelProblem> problems;
    std::vector<std::future<KernelOutputs<double>>> references;  // the slow part, on all cores meanwhile
    for (const GdnCase& c : cases) problems.push_back(makeGdnProblem(c));
    for (std::size_t i = 0; i < cases.size(); ++i) {
        references.push_back(std::async(std::launch::async, [&, i] { return runGdnReference(cases[i], problems[i]); }));
    }
    bool passed = true;
    std::vector<Worst> random, correlated;
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const KernelOutputs<float> computed = runGdnOnDevice(cases[i], problems[i]);
        std::string line;
        for (const OutputError& error : compareOutputs(computed, references[i].get())) {
            const bool ok = withinBound(error, cases[i]);
            passed = passed && ok;
            char text[64];
            std::snprintf(text, sizeof text, " %s %.1e%s", error.output.c_str(), error.relative_l2, ok ? "" : " FAILS");
            line += text;
            if (cases[i].tokens > 1 || !ok) {
                keepWorst(cases[i].correlated_keys ? correlated : random, error, nameOf(cases[i]));
            }
        }
        std::printf("%-36s%s\n", nameOf(cases[i]).c_str(), line.c_str());
    }
    printWorst("more than one token, random keys", random);
    if (!correlated.empty()) printWorst("correlated keys", correlated);
    std::printf("%s\n", passed ? "all within bounds" : "BOUNDS BROKEN");
    return passed ? 0 : 1;
}

// Fills a device tensor with copies of the host's values.
void fill(const DeviceBytes& to, const void* from, std::size_t bytes) {
    for (std::size_t at = 0; at < to.size(); at += bytes) {
        requireCuda(cudaMemcpy(static_cast<char*>(to.data()) + at, from, std::min(bytes, to.size() - at),
                               cudaMemcpyHostToDevice),
                    "copy to the device");
    }
}

void fillBf16(const DeviceBytes& to, const std::vector<float>& from) {
    std::vector<std::uint16_t> rounded;
    for (float x : from) rounded.push_back(roundToBf16(x));
    fill(to, rounded.data(), rounded.size() * 2);
}

void fillTensors(const GdnDeviceTensors& tensors) {
    const std::int32_t dim = tensors.forward.shape.head_dim;
    const KernelProblem problem = makeKernelProblem(1, 4099, 1, dim, dim, {});  // 4099 rows, prime
    fillBf16(tensors.q, problem.q_BTHk);
    fillBf16(tensors.k, problem.k_BTHk);
    fillBf16(tensors.v, problem.v_BTHv);
    fillBf16(tensors.d_o, problem.do_BTHv);
    fill(tensors.g, problem.g_BTH.data(), problem.g_BTH.size() * 4);
    fill(tensors.beta, problem.beta_BTH.data(), problem.beta_BTH.size() * 4);
}

// Median of `repeats` runs in milliseconds.
template <typename Run>
double medianMs(cudaStream_t stream, Run run) {
    constexpr int kWarmUps = 3;
    constexpr int kRepeats = 25;
    cudaEvent_t start, stop;
    requireCuda(cudaEventCreate(&start), "cudaEventCreate");
    requireCuda(cudaEventCreate(&stop), "cudaEventCreate");
    std::vector<float> times;
    for (int i = 0; i < kWarmUps + kRepeats; ++i) {
        requireCuda(cudaEventRecord(start, stream), "cudaEventRecord");
        run();
        requireCuda(cudaEventRecord(stop, stream), "cudaEventRecord");
        requireCuda(cudaEventSynchronize(stop), "kernels");
        float ms = 0;
        requireCuda(cudaEventElapsedTime(&ms, start, stop), "cudaEventElapsedTime");
        if (i >= kWarmUps) times.push_back(ms);
    }
    cudaEventDestroy(start);
    cudaEventDestroy(stop);
    std::nth_element(times.begin(), times.begin() + kRepeats / 2, times.end());
    return times[kRepeats / 2];
}

double graphMs(cudaStream_t stream, const FmGdnForward& forward, const FmGdnBackward& backward) {
    cudaGraph_t graph;
    cudaGraphExec_t executable;
    requireCuda(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), "capture");
    requireCuda(fm_gdn_forward(&forward), "fm_gdn_forward");
    requireCuda(fm_gdn_backward(&backward), "fm_gdn_backward");
    requireCuda(cudaStreamEndCapture(stream, &graph), "capture");
    requireCuda(cudaGraphInstantiate(&executable, graph, 0), "cudaGraphInstantiate");
    const double ms = medianMs(stream, [&] { requireCuda(cudaGraphLaunch(executable, stream), "cudaGraphLaunch"); });
    cudaGraphExecDestroy(executable);
    cudaGraphDestroy(graph);
    return ms;
}

void timeShape(std::int32_t batch, std::int32_t tokens, std::int32_t heads, std::int32_t dim, cudaStream_t stream) {
    GdnDeviceTensors tensors({batch, tokens, heads, heads, dim, 1 / std::sqrt(static_cast<float>(dim))});
    fillTensors(tensors);
    FmGdnForward forward = tensors.forward;
    forward.stream = stream;
    FmGdnBackward backward = tensors.backward;
    backward.forward.stream = stream;
    FmGdnForward inference = forward;
    inference.saved = nullptr;
    const double inference_ms = medianMs(stream, [&] { requireCuda(fm_gdn_forward(&inference), "fm_gdn_forward"); });
    const double forward_ms = medianMs(stream, [&] { requireCuda(fm_gdn_forward(&forward), "fm_gdn_forward"); });
    const double backward_ms = medianMs(stream, [&] { requireCuda(fm_gdn_backward(&backward), "fm_gdn_backward"); });
    std::printf("%dx%d h%d d%d  %8.4f %8.4f %8.4f %8.4f\n", batch, tokens, heads, dim, inference_ms, forward_ms,
                backward_ms, graphMs(stream, forward, backward));
}

struct TimedShape {
    std::int32_t batch, tokens, heads, dim;
};
constexpr TimedShape kTimedShapes[] = {
    {8, 4096, 32, 128}, {8, 4096, 16, 128}, {1, 32768, 16, 128}, {8, 4096, 16, 64}, {4, 2048, 9, 64}};

int timeAll() {
    cudaStream_t stream;
    requireCuda(cudaStreamCreate(&stream), "cudaStreamCreate");
    std::printf("ms: forward, forward with saved state, backward, the latter two as one graph\n");
    for (const TimedShape& s : kTimedShapes) timeShape(s.batch, s.tokens, s.heads, s.dim, stream);
    cudaStreamDestroy(stream);
    return 0;
}

int runOnce() {
    for (const TimedShape& s : kTimedShapes) {
        GdnDeviceTensors tensors(
            {s.batch, s.tokens, s.heads, s.heads, s.dim, 1 / std::sqrt(static_cast<float>(s.dim))});
        fillTensors(tensors);
        requireCuda(fm_gdn_forward(&tensors.forward), "fm_gdn_forward");
        requireCuda(fm_gdn_backward(&tensors.backward), "fm_gdn_backward");
        requireCuda(cudaDeviceSynchronize(), "kernels");
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string mode = argc > 1 ? argv[1] : "";
    if (mode == "--time") return timeAll();
    if (mode == "--once") return runOnce();
    return check(mode == "--small" ? smallCases() : fullCases());
}
