#include "kernels/cuda/check_gdn_times.h"

#include <cmath>
#include <cstdio>

namespace fm::kernels {
namespace {

// Fills a device tensor with copies of the host's values.
void fill(const DeviceBytes& to, const void* from, std::size_t bytes) {
    for (std::size_t at = 0; at < to.size(); at += bytes) {
        requireCuda(cudaMemcpy(static_cast<char*>(to.data()) + at, from, std::min(bytes, to.size() - at),
                               cudaMemcpyHostToDevice),
                    "copy to the device");
    }
}

void fillTensors(const GdnDeviceTensors& tensors, float mean_gate) {
    const std::int32_t dim = tensors.forward.shape.head_dim;
    const KernelProblem problem = makeKernelProblem(1, 4099, 1, dim, dim, {true, mean_gate});  // 4099 rows, prime
    fillBf16(tensors.q, problem.q_BTHk);
    fillBf16(tensors.k, problem.k_BTHk);
    fillBf16(tensors.v, problem.v_BTHv);
    fillBf16(tensors.d_o, problem.do_BTHv);
    fillFloats(tensors.g, problem.g_BTH);
    fillFloats(tensors.beta, problem.beta_BTH);
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

struct TimedShape {
    std::int32_t batch, tokens, heads, dim;
    float mean_gate = 3;  // see kernel_problem.h; 9: nothing is forgotten, which is the most work for segments
};
constexpr TimedShape kTimedShapes[] = {{8, 4096, 32, 128},     {8, 4096, 16, 128}, {1, 32768, 16, 128},
                                       {1, 32768, 16, 128, 9}, {1, 32768, 2, 128}, {1, 32768, 2, 128, 9},
                                       {1, 8192, 16, 128},     {1, 8192, 16, 64},  {8, 4096, 16, 64},
                                       {4, 2048, 9, 64},       {4, 2048, 9, 64, 9}};

FmGdnShape shapeOf(const TimedShape& s) {
    return {s.batch, s.tokens, s.heads, s.heads, s.dim, 1 / std::sqrt(static_cast<float>(s.dim))};
}

void timeShape(const TimedShape& s, cudaStream_t stream) {
    GdnDeviceTensors tensors(shapeOf(s));
    fillTensors(tensors, s.mean_gate);
    FmGdnForward forward = tensors.forward;
    forward.stream = stream;
    FmGdnBackward backward = tensors.backward;
    backward.forward.stream = stream;
    FmGdnForward inference = forward;
    inference.saved = nullptr;
    const double inference_ms = medianMs(stream, [&] { requireCuda(fm_gdn_forward(&inference), "fm_gdn_forward"); });
    const double forward_ms = medianMs(stream, [&] { requireCuda(fm_gdn_forward(&forward), "fm_gdn_forward"); });
    const double backward_ms = medianMs(stream, [&] { requireCuda(fm_gdn_backward(&backward), "fm_gdn_backward"); });
    std::printf("%dx%d h%d d%d%-16s %8.4f %8.4f %8.4f %8.4f\n", s.batch, s.tokens, s.heads, s.dim,
                s.mean_gate > 3 ? " all remembered" : "", inference_ms, forward_ms, backward_ms,
                graphMs(stream, forward, backward));
    std::fflush(stdout);
}

}  // namespace

void fillBf16(const DeviceBytes& to, const std::vector<float>& from) {
    std::vector<std::uint16_t> rounded;
    for (float x : from) rounded.push_back(roundToBf16(x));
    fill(to, rounded.data(), rounded.size() * 2);
}

void fillFloats(const DeviceBytes& to, const std::vector<float>& from) { fill(to, from.data(), from.size() * 4); }

int timeGdn() {
    cudaStream_t stream;
    requireCuda(cudaStreamCreate(&stream), "cudaStreamCreate");
    std::printf("ms: forward, forward with saved state, backward, the latter two as one graph\n");
    for (const TimedShape& s : kTimedShapes) timeShape(s, stream);
    cudaStreamDestroy(stream);
    return 0;
}

int runGdnOnce() {
    for (const TimedShape& s : kTimedShapes) {
        GdnDeviceTensors tensors(shapeOf(s));
        fillTensors(tensors, s.mean_gate);
        requireCuda(fm_gdn_forward(&tensors.forward), "fm_gdn_forward");
        requireCuda(fm_gdn_backward(&tensors.backward), "fm_gdn_backward");
        requireCuda(cudaDeviceSynchronize(), "kernels");
    }
    return 0;
}

}  // namespace fm::kernels
