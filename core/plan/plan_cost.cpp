#include "core/plan/plan_cost.h"

namespace fm {
namespace {

struct LayerCost {
    double weights = 0;       // parameters of the mixer
    double decode_flop = 0;   // of the mixer beyond its matrices, one token at the full context
    double prefill_flop = 0;  // the same, mean over the prompt
    double cache_bytes = 0;   // read per decoded token
};

LayerCost fullLayer(const ModelShape& c, const CostQuery& q) {
    const double width_q = double(c.num_heads * c.head_dim), width_kv = double(c.num_kv_heads * c.head_dim);
    const double context = double(q.context_tokens);
    LayerCost cost;
    cost.weights = double(c.hidden_size) * (2 * width_q + 2 * width_kv);
    cost.decode_flop = 4 * width_q * context;  // q k^T and p v
    cost.prefill_flop = cost.decode_flop / 2;  // causal: half the pairs
    cost.cache_bytes = 2 * width_kv * context * q.bytes_per_kv * double(q.batch);
    return cost;
}

LayerCost linearLayer(const MixerCost& mixer, const CostQuery& q) {
    LayerCost cost;
    cost.weights = mixer.weights;
    cost.decode_flop = mixer.flop_per_token;
    cost.prefill_flop = cost.decode_flop;
    cost.cache_bytes = 2 * mixer.state_floats * q.bytes_per_state * double(q.batch);  // read and written
    return cost;
}

}  // namespace

MixerCost linearAttentionCost(const ModelShape& c) {
    const double width = double(c.num_heads * c.head_dim);
    MixerCost cost;
    cost.weights = double(c.hidden_size) * 5 * width;
    cost.state_floats = width * double(c.head_dim);
    cost.flop_per_token = 5 * cost.state_floats;
    return cost;
}

MixerCost deltaRuleCost(const ModelShape& c) {
    MixerCost cost = linearAttentionCost(c);
    cost.weights += double(c.hidden_size) * 2 * double(c.num_heads);
    cost.flop_per_token += 2 * cost.state_floats;
    return cost;
}

PlanCost planCost(const ModelShape& c, const Plan& plan, const CostQuery& q, const std::optional<MixerCost>& mixer) {
    const MixerCost branch = mixer.value_or(deltaRuleCost(c));
    const LayerCost full = fullLayer(c, q), linear = linearLayer(branch, q);
    const double num_layers = double(plan.kinds.size());
    const double num_full = double(plan.budget()), num_linear = num_layers - num_full;
    const double mlp_and_head =
        num_layers * 3 * double(c.hidden_size * c.intermediate_size) + double(c.vocab_size * c.hidden_size);
    const double weights = mlp_and_head + num_full * full.weights + num_linear * linear.weights;
    const double teacher_weights = mlp_and_head + num_layers * full.weights;
    const double bytes_per_s = q.bandwidth_gb_s * 1e9;

    PlanCost cost;
    cost.full_layers = plan.budget();
    const std::int64_t kv_per_layer =
        static_cast<std::int64_t>(2 * double(c.num_kv_heads * c.head_dim) * q.bytes_per_kv);
    cost.kv_bytes_per_token = plan.budget() * kv_per_layer;
    cost.kv_share = num_full / num_layers;
    cost.state_bytes = static_cast<std::int64_t>(num_linear * branch.state_floats * q.bytes_per_state);
    cost.decode_gflop = (2 * weights + num_full * full.decode_flop + num_linear * linear.decode_flop) / 1e9;
    cost.prefill_gflop_per_token =
        (2 * weights + num_full * full.prefill_flop + num_linear * linear.prefill_flop) / 1e9;
    cost.decode_ms = 1e3 *
                     (weights * q.bytes_per_weight + num_full * full.cache_bytes + num_linear * linear.cache_bytes) /
                     bytes_per_s;
    cost.teacher_decode_ms = 1e3 * (teacher_weights * q.bytes_per_weight + num_layers * full.cache_bytes) / bytes_per_s;
    cost.decode_speedup = cost.teacher_decode_ms / cost.decode_ms;
    return cost;
}

}  // namespace fm
