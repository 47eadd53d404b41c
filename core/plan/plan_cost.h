// What a plan costs when it runs: cache, state, arithmetic, and a predicted decode latency. Plain arithmetic on the
// model's shape; a prediction, never shown as a measurement.
#pragma once

#include <cstdint>
#include <optional>

#include "core/plan/model_shape.h"
#include "core/plan/plan.h"

namespace fm {

// What a linear layer's mixer costs; each kind of branch tells (core/model/branches).
struct MixerCost {
    double weights = 0;         // parameters
    double state_floats = 0;    // of one sequence, fp32 or as CostQuery says; read and written for every token
    double flop_per_token = 0;  // beyond its matrices, multiply and add counted apart
};

// The least that a kind with one dk x dv state per query head (dk = dv = head_dim) takes: q, k, v, gate and o; decay,
// write and read of the state.
MixerCost linearAttentionCost(const ModelShape& shape);
// The gated delta rule also reads the state with k, and projects decay and write strength.
MixerCost deltaRuleCost(const ModelShape& shape);

struct CostQuery {
    std::int64_t context_tokens = 32768;
    std::int64_t batch = 1;
    double bytes_per_weight = 2;   // bf16
    double bytes_per_kv = 2;       // bf16
    double bytes_per_state = 4;    // fp32
    double bandwidth_gb_s = 4300;  // device-memory copy rate, bytes read plus written
};

struct PlanCost {
    int full_layers = 0;
    std::int64_t kv_bytes_per_token = 0;  // grows with the context
    double kv_share = 0;                  // of the teacher's
    std::int64_t state_bytes = 0;         // per sequence, whatever the context
    double decode_gflop = 0;              // one token at `context_tokens`, multiply and add counted apart
    double prefill_gflop_per_token = 0;   // mean over a prompt of `context_tokens`
    double decode_ms = 0;                 // predicted: bytes touched per token over the bandwidth
    double teacher_decode_ms = 0;
    double decode_speedup = 0;  // teacher_decode_ms / decode_ms
};

// `mixer` is what the linear layers are, gated delta branches if nobody says.
PlanCost planCost(const ModelShape& shape, const Plan& plan, const CostQuery& query = {},
                  const std::optional<MixerCost>& mixer = {});

}  // namespace fm
