// A small random teacher with branches and a batch with answers, in any precision: what engine tests run on.
#pragma once

#include <ATen/ATen.h>

#include "core/data/sample.h"
#include "core/model/blocks.h"
#include "core/model/branch.h"
#include "core/model/branch_cast.h"
#include "core/model/decoder_weights.h"
#include "core/model/hybrid_model.h"

namespace fm::testing {

struct TinyModel {
    DecoderWeights weights;
    BranchSet branches;
};

inline ModelConfig tinyConfig(std::int64_t num_layers, bool qk_norm) {
    ModelConfig config;
    config.family = qk_norm ? ModelFamily::Qwen3 : ModelFamily::Llama;
    config.vocab_size = 61;
    config.hidden_size = 32;
    config.intermediate_size = 48;
    config.num_layers = num_layers;
    config.num_heads = 4;
    config.num_kv_heads = 2;
    config.head_dim = 8;
    config.max_position = 128;
    config.qk_norm = qk_norm;
    config.tie_embeddings = true;
    return config;
}

// Weights large enough that every block does something; branches from the transfer rules, then disturbed.
inline TinyModel tinyModel(std::int64_t num_layers, at::ScalarType dtype, bool qk_norm = true, BranchSpec spec = {},
                           std::uint64_t seed = 7) {
    TinyModel tiny;
    tiny.weights = randomWeights(tinyConfig(num_layers, qk_norm), seed, at::kCPU, dtype);
    at::Generator generator = at::detail::createCPUGenerator(seed);
    forEachTensor(tiny.weights, [&](const std::string&, at::Tensor& t) {
        t.add_(at::randn(t.sizes(), generator, t.options()), t.dim() == 1 ? 0.1 : 0.12);
    });
    BranchInit calibration;
    for (std::int64_t l = 0; l < num_layers; ++l) {
        calibration.normed_BTD.push_back(at::randn({2, 24, 32}, generator, at::TensorOptions().dtype(dtype)));
        calibration.target_BTD.push_back(at::randn({2, 24, 32}, generator, at::TensorOptions().dtype(dtype)));
    }
    tiny.branches = castBranches(initBranches(tiny.weights, spec, calibration, seed), at::kCPU, dtype);
    forEachTrainable(tiny.branches, [&](const std::string&, at::Tensor& t) {
        t.add_(at::randn(t.sizes(), generator, t.options()), 0.05);
    });
    return tiny;
}

// B sequences of T random tokens; the last `answer` tokens of each are an answer; `text` sequences have none.
inline Batch tinyBatch(std::int32_t batch, std::int32_t tokens, std::int32_t answer, std::int32_t text,
                       std::uint64_t seed) {
    Batch out;
    out.batch = batch;
    out.tokens = tokens;
    out.ids_BT.resize(batch * tokens);
    out.answer_BT.assign(batch * tokens, 0);
    out.valid_BT.assign(batch * tokens, 1);
    std::uint64_t state = seed * 0x9e3779b97f4a7c15ull + 1;
    for (TokenId& id : out.ids_BT) {
        state = state * 6364136223846793005ull + 1442695040888963407ull;
        id = static_cast<TokenId>((state >> 33) % 61);
    }
    for (std::int32_t b = 0; b < batch; ++b) {
        Sample sample;
        sample.task = b < text ? "text" : "tiny";
        sample.seed = 1000 * seed + static_cast<std::uint64_t>(b);  // probes tell sequences apart by it
        sample.ids.assign(out.ids_BT.begin() + b * tokens, out.ids_BT.begin() + (b + 1) * tokens);
        if (b >= text) {
            sample.answers.push_back({tokens - answer, answer, "", 0.5, 0});
            for (std::int32_t t = tokens - answer; t < tokens; ++t) out.answer_BT[b * tokens + t] = 1;
        }
        out.samples.push_back(sample);
    }
    return out;
}

}  // namespace fm::testing
