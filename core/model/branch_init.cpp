#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "core/base/assert.h"
#include "core/model/branch.h"
#include "core/model/branch_cast.h"
#include "core/model/branch_forward.h"

namespace fm {

namespace {

constexpr double kSiluOne = 1.278464542761074;  // silu(x) = 1
constexpr double kSiluScale = 0.1;              // of W_q, W_k, W_v: puts SiLU into its nearly linear range
constexpr double kRidge = 1e-4;                 // of the mean square of the inputs' channels
constexpr std::int64_t kFitRows = 8192;         // tokens that the fits look at

at::Tensor repeatKvHeads(const at::Tensor& weight_OD, const ModelConfig& config) {
    const std::int64_t group = config.num_heads / config.num_kv_heads;
    return weight_OD.unflatten(0, {config.num_kv_heads, config.head_dim}).repeat_interleave(group, 0).flatten(0, 1);
}

// The row r with r . x = 1 as nearly as possible for every layer input x: a constant for a projection without bias.
at::Tensor constantRow(const at::Tensor& rows_ND) {
    const at::Tensor x = rows_ND.to(at::kDouble);
    const std::int64_t width = x.size(1);
    at::Tensor gram = at::matmul(x.t(), x) / static_cast<double>(x.size(0));
    const double ridge = kRidge * gram.diagonal().mean().item<double>();
    gram.diagonal().add_(ridge);
    return at::linalg_solve(gram, x.mean(0).view({width, 1})).view({width});
}

// A teacher's bias and the weight of its QK-norm, as far as a projection without either can hold them. The norm's
// division by the rms is left to the l2-norm of GDN.
at::Tensor transferred(const Linear& source, const at::Tensor& head_norm_d, const at::Tensor& constant_row_D) {
    at::Tensor weight = source.weight_OI.to(at::kFloat);
    if (source.bias_O.defined())
        weight = weight + source.bias_O.to(at::kFloat).unsqueeze(1) * constant_row_D.to(at::kFloat).unsqueeze(0);
    if (head_norm_d.defined())
        weight = (weight.unflatten(0, {-1, head_norm_d.size(0)}) * head_norm_d.to(at::kFloat).view({1, -1, 1}))
                     .flatten(0, 1);
    return weight.clone();
}

BranchWeights copiedWeights(const AttentionWeights& attn, const BranchSpec& spec, const ModelConfig& config,
                            const at::Tensor& constant_row_D) {
    BranchWeights w;
    w.q_OD = transferred(attn.q, attn.q_norm_d, constant_row_D);
    w.k_OD = transferred(attn.k, attn.k_norm_d, constant_row_D);
    w.v_OD = transferred(attn.v, {}, constant_row_D);
    if (spec.expanded_kv) {
        w.k_OD = repeatKvHeads(w.k_OD, config);
        w.v_OD = repeatKvHeads(w.v_OD, config);
    }
    w.o_DO = attn.o.weight_OI.to(at::kFloat).clone();
    const at::TensorOptions options = w.q_OD.options();
    w.out_norm_d = at::ones({config.head_dim}, options);
    w.z_OD = at::zeros({config.num_heads * config.head_dim, config.hidden_size}, options);
    spec.kind->start(w, spec, config, options);
    if (spec.form == BranchForm::Exportable) w.z_OD += (kSiluOne * constant_row_D).to(at::kFloat).unsqueeze(0);
    if (usesSilu(spec))
        for (at::Tensor* matrix : {&w.q_OD, &w.k_OD, &w.v_OD}) *matrix *= kSiluScale;
    return w;
}

// s of min || sum_h s_h W_o[h] n_h - F ||^2, folded into W_o: the output norm has taken the heads' sizes away.
void foldHeadScales(BranchWeights& w, const at::Tensor& heads_NO, const at::Tensor& target_ND, std::int64_t head_dim) {
    const std::int64_t heads = heads_NO.size(1) / head_dim;
    const at::Tensor n = heads_NO.to(at::kDouble), target = target_ND.to(at::kDouble), o = w.o_DO.to(at::kDouble);
    const auto sumBlocks = [&](const at::Tensor& x) {
        return x.view({heads, head_dim, -1, x.size(1) / heads}).sum({1, 3});
    };
    const at::Tensor gram = sumBlocks(at::matmul(n.t(), n) * at::matmul(o.t(), o));  // [H, H]
    const at::Tensor right = (at::matmul(n.t(), target) * o.t()).view({heads, -1}).sum(1, /*keepdim=*/true);
    const at::Tensor damped = gram + at::eye(heads, gram.options()) * (kRidge * gram.diagonal().mean());
    const at::Tensor scale_H = at::linalg_solve(damped, right).view({heads});
    w.o_DO = (o * scale_H.repeat_interleave(head_dim).unsqueeze(0)).to(w.o_DO.scalar_type());
}

at::Tensor fitRows(const at::Tensor& x_BTD, const at::Tensor& rows_N) {
    const at::Tensor flat = x_BTD.flatten(0, 1).to(at::kFloat);
    return rows_N.defined() ? flat.index_select(0, rows_N.to(flat.device())) : flat;
}

}  // namespace

BranchSet initBranches(const DecoderWeights& teacher, const BranchSpec& spec, const BranchInit& calibration,
                       std::uint64_t seed) {
    const at::NoGradGuard no_grad;
    FM_ASSERT(calibration.normed_BTD.size() == teacher.layers.size(), "calibration holds the input of every layer");
    FM_ASSERT(calibration.target_BTD.size() == teacher.layers.size(), "calibration holds the target of every layer");
    const std::int64_t tokens = calibration.normed_BTD[0].size(0) * calibration.normed_BTD[0].size(1);
    at::Tensor rows_N;  // undefined = every token
    if (tokens > kFitRows)
        rows_N = at::randperm(tokens, at::detail::createCPUGenerator(seed), at::kLong).narrow(0, 0, kFitRows);

    BranchSet set;
    set.spec = spec;
    for (std::size_t l = 0; l < teacher.layers.size(); ++l) {
        const at::Tensor normed_BTD = calibration.normed_BTD[l].to(at::kFloat);
        BranchWeights w =
            copiedWeights(teacher.layers[l].attn, spec, teacher.config, constantRow(fitRows(normed_BTD, rows_N)));
        const at::Tensor heads_BTO = linearMixerHeads(normed_BTD, w, spec, teacher.config);
        foldHeadScales(w, fitRows(heads_BTO, rows_N), fitRows(calibration.target_BTD[l], rows_N),
                       teacher.config.head_dim);
        set.layers.push_back(w);
    }
    return castBranches(set, teacher.embed_VD.device(), at::kFloat);
}

}  // namespace fm
