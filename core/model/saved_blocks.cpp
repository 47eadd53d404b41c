#include "core/model/saved_blocks.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/ops/stacked_rows.h"

namespace fm {
namespace {

// The projections of one input, as one product where their weights lie one after the other (the same choice as the
// plain blocks make, so that both give the same bits).
std::vector<at::Tensor> projections(const at::Tensor& x_BTD, const std::vector<const Linear*>& parts) {
    std::vector<at::Tensor> matrices, results;
    std::vector<std::int64_t> widths;
    bool biased = false;
    for (const Linear* part : parts) {
        matrices.push_back(part->weight_OI);
        widths.push_back(part->weight_OI.size(0));
        biased = biased || part->bias_O.defined();
    }
    const at::Tensor stacked_OD = biased ? at::Tensor() : stackedRows(matrices);
    if (stacked_OD.defined()) return linear(x_BTD, {stacked_OD, {}}).split_with_sizes(widths, -1);
    for (const Linear* part : parts) results.push_back(linear(x_BTD, *part));
    return results;
}

// Sum of the input gradients of maps that share an input.
at::Tensor projectionsBackward(const std::vector<at::Tensor>& grads_BTO, const std::vector<at::Tensor>& matrices) {
    const at::Tensor stacked_OD = stackedRows(matrices);
    if (stacked_OD.defined()) return linearBackward(at::cat(grads_BTO, -1), stacked_OD);
    at::Tensor dx_BTD = linearBackward(grads_BTO[0], matrices[0]);
    for (std::size_t i = 1; i < matrices.size(); ++i) dx_BTD.add_(linearBackward(grads_BTO[i], matrices[i]));
    return dx_BTD;
}

// fp32 inside for bf16 and fp32, float64 for float64.
at::Tensor wide(const at::Tensor& x) { return x.scalar_type() == at::kDouble ? x : x.to(at::kFloat); }

}  // namespace

at::Tensor rmsNormBackward(const at::Tensor& dy_BTD, const at::Tensor& x_BTD, const at::Tensor& weight_D, double eps) {
    const at::Tensor x = wide(x_BTD);
    const at::Tensor dyw = wide(dy_BTD) * wide(weight_D);
    const at::Tensor inv_rms = at::rsqrt(at::mean(x * x, {-1}, true) + eps);
    const at::Tensor projection = at::mean(dyw * x, {-1}, true) * inv_rms * inv_rms;
    return ((dyw - x * projection) * inv_rms).to(x_BTD.scalar_type());
}

at::Tensor linearBackward(const at::Tensor& dy_BTO, const at::Tensor& weight_OI) {
    return at::matmul(dy_BTO.to(weight_OI.scalar_type()), weight_OI);
}

at::Tensor applyRopeBackward(const at::Tensor& dy_BTHd, const Rope& rope) {
    return applyRope(dy_BTHd, Rope{rope.cos_Td, rope.sin_Td.neg()});
}

at::Tensor swigluMlpForward(const at::Tensor& normed_BTD, const MlpWeights& weights, SavedMlp& saved) {
    const Linear gate{weights.gate_ID, {}}, up{weights.up_ID, {}};
    const std::vector<at::Tensor> both = projections(normed_BTD, {&gate, &up});
    saved.gate_BTI = both[0];
    saved.up_BTI = both[1];
    return linear(at::silu(saved.gate_BTI).mul_(saved.up_BTI), {weights.down_DI, {}});
}

at::Tensor swigluMlpBackward(const at::Tensor& dy_BTD, const MlpWeights& weights, const SavedMlp& saved) {
    const at::Tensor dh_BTI = linearBackward(dy_BTD, weights.down_DI);
    const at::Tensor dgate_BTI = at::silu_backward(dh_BTI * saved.up_BTI, saved.gate_BTI);
    const at::Tensor dup_BTI = dh_BTI.mul(at::silu(saved.gate_BTI));
    return projectionsBackward({dgate_BTI, dup_BTI}, {weights.gate_ID, weights.up_ID});
}

at::Tensor softmaxMixerForward(const at::Tensor& normed_BTD, const AttentionWeights& weights, const ModelConfig& config,
                               const Rope& rope, SavedSoftmaxMixer& saved) {
    const std::int64_t b = normed_BTD.size(0), t = normed_BTD.size(1), d = config.head_dim;
    const std::vector<at::Tensor> qkv = projections(normed_BTD, {&weights.q, &weights.k, &weights.v});
    at::Tensor q = qkv[0].unflatten(-1, {-1, d});
    at::Tensor k = qkv[1].unflatten(-1, {-1, d});
    const at::Tensor v = qkv[2].unflatten(-1, {-1, d});
    if (config.qk_norm) {
        saved.q_raw_BTHd = q;
        saved.k_raw_BTKd = k;
        q = rmsNorm(q, weights.q_norm_d, config.rms_norm_eps);
        k = rmsNorm(k, weights.k_norm_d, config.rms_norm_eps);
    }
    // The attention primitive keeps its own graph: LibTorch then pairs the right backward kernel with whichever
    // forward kernel it chose for this device and type.
    const c10::AutoGradMode grad_on(true);
    saved.q_BHTd = applyRope(q, rope).transpose(1, 2).detach().requires_grad_(true);
    saved.k_BKTd = applyRope(k, rope).transpose(1, 2).detach().requires_grad_(true);
    saved.v_BKTd = v.transpose(1, 2).detach().requires_grad_(true);
    saved.out_BHTd = at::scaled_dot_product_attention(saved.q_BHTd, saved.k_BKTd, saved.v_BKTd, {}, 0.0, true, {},
                                                      config.num_heads != config.num_kv_heads);
    const at::Tensor joined_BTO = saved.out_BHTd.detach().transpose(1, 2).reshape({b, t, config.num_heads * d});
    return linear(joined_BTO, weights.o);
}

at::Tensor softmaxMixerBackward(const at::Tensor& dy_BTD, const AttentionWeights& weights, const ModelConfig& config,
                                const Rope& rope, SavedSoftmaxMixer& saved) {
    const std::int64_t b = dy_BTD.size(0), t = dy_BTD.size(1), d = config.head_dim;
    const at::Tensor dout_BHTd =
        linearBackward(dy_BTD, weights.o.weight_OI).view({b, t, config.num_heads, d}).transpose(1, 2);
    const std::vector<at::Tensor> grads =
        torch::autograd::grad({saved.out_BHTd}, {saved.q_BHTd, saved.k_BKTd, saved.v_BKTd}, {dout_BHTd});
    at::Tensor dq = applyRopeBackward(grads[0].transpose(1, 2), rope);
    at::Tensor dk = applyRopeBackward(grads[1].transpose(1, 2), rope);
    if (config.qk_norm) {
        dq = rmsNormBackward(dq, saved.q_raw_BTHd, weights.q_norm_d, config.rms_norm_eps);
        dk = rmsNormBackward(dk, saved.k_raw_BTKd, weights.k_norm_d, config.rms_norm_eps);
    }
    const at::Tensor dv = grads[2].transpose(1, 2);
    return projectionsBackward({dq.reshape({b, t, -1}), dk.reshape({b, t, -1}), dv.reshape({b, t, -1})},
                               {weights.q.weight_OI, weights.k.weight_OI, weights.v.weight_OI});
}

}  // namespace fm
