// Times our prefill: bench_prefill MODEL|smollm2-shape TOKENS THREADS REPEATS. Prints milliseconds, one line per
// repeat; bench_prefill.py runs it beside `transformers`. Not a test: a figure needs a quiet machine.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

#include "core/formats/checkpoint.h"
#include "core/model/device.h"
#include "core/model/hybrid_model.h"

namespace {

fm::ModelConfig smollm2Shape() {
    fm::ModelConfig config;
    config.vocab_size = 49152;
    config.hidden_size = 576;
    config.intermediate_size = 1536;
    config.num_layers = 30;
    config.num_heads = 9;
    config.num_kv_heads = 3;
    config.head_dim = 64;
    config.max_position = 8192;
    config.rope_theta = 100000;
    config.tie_embeddings = true;
    return config;
}

fm::DecoderWeights weightsOf(const std::string& model, at::ScalarType dtype) {
    if (model == "smollm2-shape") return fm::randomWeights(smollm2Shape(), 1, at::kCPU, dtype);
    return fm::loadWeights(*fm::Checkpoint::open(model), at::kCPU, dtype);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) {
        std::cerr << "usage: bench_prefill MODEL|smollm2-shape TOKENS THREADS REPEATS float32|bfloat16\n";
        return 2;
    }
    const std::int64_t tokens = std::atoll(argv[2]);
    fm::setThreads(std::atoi(argv[3]));
    const at::ScalarType dtype = std::string(argv[5]) == "bfloat16" ? at::kBFloat16 : at::kFloat;
    const fm::DecoderWeights weights = weightsOf(argv[1], dtype);
    const fm::HybridModel model = fm::teacherModel(weights);
    const c10::NoGradGuard no_grad;
    const at::Tensor ids_BT = at::arange(tokens, at::TensorOptions(at::kLong)).remainder(40000).add(17).unsqueeze(0);
    for (int i = 0; i < std::atoi(argv[4]); ++i) {
        const std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
        const fm::Rope rope = fm::makeRope(weights.config, tokens, at::kCPU, at::kFloat);
        fm::DecodeState state = fm::makeDecodeState(model, 1, tokens);
        const at::Tensor hidden_BTD = fm::forwardHidden(model, ids_BT, rope, &state);
        const at::Tensor logits_BV = fm::logitsFromHidden(weights, hidden_BTD.select(1, -1));
        const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - start;
        std::printf("%.2f %lld\n", spent.count(), static_cast<long long>(logits_BV.argmax().item<std::int64_t>()));
        std::fflush(stdout);
    }
    return 0;
}
