// Compares GDN decode, token by token, with the float64 recurrence, or times it.
//   check_gdn_decode           all cases; exit status 1 if a bound is broken
//   check_gdn_decode --time    medians, and the bytes of the state that are moved over them
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "kernels/cuda/check_gdn_times.h"

namespace {

using namespace fm::kernels;

// The state and all sums are fp32; only o is rounded to bf16, half of 2^-8 at most.
constexpr double kOutputBound = 3e-3;
constexpr double kStateBound = 1e-5;

constexpr double kPeakBytesPerSecond = 4.8e12;  // of an H200's memory, by its data sheet

// Token t of [B,T,H,d] as [B,H,d].
std::vector<float> tokenOf(const std::vector<float>& values, std::int64_t batch, std::int64_t tokens, std::int64_t t) {
    const std::int64_t row = static_cast<std::int64_t>(values.size()) / (batch * tokens);
    std::vector<float> result;
    for (std::int64_t b = 0; b < batch; ++b) {
        const auto first = values.begin() + (b * tokens + t) * row;
        result.insert(result.end(), first, first + row);
    }
    return result;
}

void putToken(const std::vector<float>& token, std::int64_t batch, std::int64_t tokens, std::int64_t t,
              std::vector<float>& values) {
    const std::int64_t row = static_cast<std::int64_t>(token.size()) / batch;
    for (std::int64_t b = 0; b < batch; ++b) {
        for (std::int64_t i = 0; i < row; ++i) values[(b * tokens + t) * row + i] = token[b * row + i];
    }
}

struct DecodeTensors {
    explicit DecodeTensors(const FmGdnShape& s)
        : q(static_cast<std::size_t>(s.batch) * s.heads * s.head_dim * 2),
          k(q.size()),
          v(static_cast<std::size_t>(s.batch) * s.value_heads * s.head_dim * 2),
          o(v.size()),
          g(static_cast<std::size_t>(s.batch) * s.value_heads * 4),
          beta(g.size()),
          state(g.size() * s.head_dim * s.head_dim),
          args{s, q.data(), k.data(), v.data(), g.floats(), beta.floats(), state.floats(), o.data(), nullptr} {}
    DeviceBytes q, k, v, o, g, beta, state;
    FmGdnDecode args;
};

KernelOutputs<float> decodeOnDevice(const GdnCase& c, const KernelProblem& problem) {
    DecodeTensors tensors({c.batch, 1, c.heads, c.value_heads, c.head_dim, problem.shape.scale});
    const std::int64_t group = c.value_heads / c.heads;
    const std::vector<float> queries = firstOfGroups(problem.q_BTHk, c.head_dim, group);
    const std::vector<float> keys = firstOfGroups(problem.k_BTHk, c.head_dim, group);
    KernelOutputs<float> result;
    result.o.resize(problem.v_BTHv.size());
    fillFloats(tensors.state, problem.initial_state_BHkv);
    for (std::int64_t t = 0; t < c.tokens; ++t) {
        fillBf16(tensors.q, tokenOf(queries, c.batch, c.tokens, t));
        fillBf16(tensors.k, tokenOf(keys, c.batch, c.tokens, t));
        fillBf16(tensors.v, tokenOf(problem.v_BTHv, c.batch, c.tokens, t));
        fillFloats(tensors.g, tokenOf(problem.g_BTH, c.batch, c.tokens, t));
        fillFloats(tensors.beta, tokenOf(problem.beta_BTH, c.batch, c.tokens, t));
        requireCuda(cudaMemset(tensors.o.data(), 0xff, tensors.o.size()), "cudaMemset");
        requireCuda(fm_gdn_decode(&tensors.args), "fm_gdn_decode");
        requireCuda(cudaDeviceSynchronize(), "decode");
        putToken(downloadBf16(tensors.o), c.batch, c.tokens, t, result.o);
    }
    result.final_state = downloadFloats(tensors.state);
    return result;
}

int check() {
    bool passed = true;
    for (const std::int32_t dim : {64, 128}) {
        for (const GdnCase& c : std::vector<GdnCase>{{3, 40, 2, 2, dim, true, {}},
                                                     {2, 33, 1, 3, dim, true, {}, false, 9},
                                                     {1, 50, 2, 4, dim, true, {}, false, 3, true}}) {
            const KernelProblem problem = makeGdnProblem(c);
            std::printf("%dx%d h%d/%d d%-4d", c.batch, c.tokens, c.heads, c.value_heads, dim);
            for (const OutputError& error : compareOutputs(decodeOnDevice(c, problem), runGdnReference(c, problem))) {
                const bool ok = error.relative_l2 <= (error.output == "o" ? kOutputBound : kStateBound);
                passed = passed && ok;
                std::printf(" %s %.1e%s", error.output.c_str(), error.relative_l2, ok ? "" : " FAILS");
            }
            std::printf("\n");
        }
    }
    std::printf("%s\n", passed ? "all within bounds" : "BOUNDS BROKEN");
    return passed ? 0 : 1;
}

// Several states in turn, together more than the second-level cache holds.
void timeShape(const FmGdnShape& shape, cudaStream_t stream) {
    constexpr std::size_t kRotatedBytes = std::size_t{512} << 20;
    std::vector<std::unique_ptr<DecodeTensors>> rotated;
    const std::size_t bytes =
        static_cast<std::size_t>(shape.batch) * shape.value_heads * shape.head_dim * shape.head_dim * sizeof(float);
    const KernelProblem problem = makeKernelProblem(1, 997, 1, shape.head_dim, shape.head_dim, {});
    for (std::size_t total = 0; total < kRotatedBytes && rotated.size() < 32; total += bytes) {
        rotated.push_back(std::make_unique<DecodeTensors>(shape));
        DecodeTensors& tensors = *rotated.back();
        tensors.args.stream = stream;
        for (const DeviceBytes* to : {&tensors.q, &tensors.k}) fillBf16(*to, problem.k_BTHk);
        fillBf16(tensors.v, problem.v_BTHv);
        fillFloats(tensors.g, problem.g_BTH);
        fillFloats(tensors.beta, problem.beta_BTH);
        fillFloats(tensors.state, problem.initial_state_BHkv);
    }
    std::size_t next = 0;
    const double ms =
        medianMs(stream, [&] { requireCuda(fm_gdn_decode(&rotated[next++ % rotated.size()]->args), "fm_gdn_decode"); });
    const double bytes_per_second = 2.0 * static_cast<double>(bytes) / (ms * 1e-3);
    std::printf("%d sequences h%d d%-4d %8.4f ms %6.2f TB/s %5.1f %% of peak\n", shape.batch, shape.value_heads,
                shape.head_dim, ms, bytes_per_second * 1e-12, 100 * bytes_per_second / kPeakBytesPerSecond);
}

int timeAll() {
    cudaStream_t stream;
    requireCuda(cudaStreamCreate(&stream), "cudaStreamCreate");
    for (const std::int32_t dim : {64, 128}) {
        for (const std::int32_t batch : {1, 16, 64, 256}) timeShape({batch, 1, 16, 16, dim, 0.1F}, stream);
    }
    cudaStreamDestroy(stream);
    return 0;
}

}  // namespace

int main(int argc, char** argv) { return argc > 1 && std::string(argv[1]) == "--time" ? timeAll() : check(); }
