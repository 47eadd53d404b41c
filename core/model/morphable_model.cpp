#include "core/model/morphable_model.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "core/base/assert.h"
#include "core/model/hybrid_model.h"

namespace fm {
namespace {

at::Tensor rowsOf(const at::Tensor& x_BTD, const at::Tensor& rows_N) {
    return x_BTD.reshape({-1, x_BTD.size(-1)}).index_select(0, rows_N);
}

// One layer of the teacher's stream. `mixer_BTD` receives F when reading A needs it.
at::Tensor teacherLayer(const DecoderWeights& weights, std::int64_t layer, const at::Tensor& x_BTD, const Rope& rope,
                        const at::Tensor& rows_N, at::Tensor& mixer_BTD, at::Tensor& post_rows_ND) {
    const LayerWeights& w = weights.layers[layer];
    const double eps = weights.config.rms_norm_eps;
    SavedSoftmaxMixer unused;
    mixer_BTD = softmaxMixerForward(rmsNorm(x_BTD, w.attn_norm_D, eps), w.attn, weights.config, rope, unused);
    const at::Tensor post_BTD = x_BTD + mixer_BTD;
    post_rows_ND = rowsOf(post_BTD, rows_N);
    SavedMlp unused_mlp;
    return post_BTD + swigluMlpForward(rmsNorm(post_BTD, w.mlp_norm_D, eps), w.mlp, unused_mlp);
}

// One layer of the mixed stream on `x_BTD`; `teacher_mixer_BTD` is F of the teacher's stream.
at::Tensor mixedLayer(const MorphableModel& model, std::int64_t layer, double alpha, const at::Tensor& x_BTD,
                      const at::Tensor& teacher_mixer_BTD, const Rope& rope, MorphableTape::Layer& saved) {
    const ModelConfig& config = model.weights->config;
    const LayerWeights& w = model.weights->layers[layer];
    const at::Tensor normed_BTD = rmsNorm(x_BTD, w.attn_norm_D, config.rms_norm_eps);
    const at::Tensor full_BTD = model.full_source == FullSource::Teacher
                                    ? teacher_mixer_BTD
                                    : softmaxMixerForward(normed_BTD, w.attn, config, rope, saved.softmax);
    const at::Tensor linear_BTD =
        linearMixerForwardSaved(normed_BTD, model.branches->layers[layer], model.branches->spec, config, saved.linear);
    saved.input_BTD = x_BTD;
    saved.delta_BTD = full_BTD - linear_BTD;
    // Exact at both ends: a = 1 gives F and a = 0 gives L, bit for bit.
    saved.post_mixer_BTD = x_BTD + (full_BTD * alpha + linear_BTD * (1 - alpha));
    return saved.post_mixer_BTD +
           swigluMlpForward(rmsNorm(saved.post_mixer_BTD, w.mlp_norm_D, config.rms_norm_eps), w.mlp, saved.mlp);
}

}  // namespace

const char* toString(FullSource source) { return source == FullSource::Teacher ? "teacher" : "mixed"; }

MorphableTape morphableForward(const MorphableModel& model, const std::vector<double>& alpha_L,
                               const at::Tensor& ids_BT, const at::Tensor& rows_N, const Rope& rope) {
    const c10::NoGradGuard no_grad;
    const DecoderWeights& weights = *model.weights;
    const std::int64_t num_layers = weights.config.num_layers;
    FM_ASSERT(static_cast<std::int64_t>(alpha_L.size()) == num_layers, "there is one gate a layer");
    MorphableTape tape;
    tape.layers.resize(num_layers);
    tape.teacher_rows_ND.resize(num_layers);
    tape.mixed_rows_ND.resize(num_layers);
    at::Tensor teacher_BTD = embed(weights, ids_BT);
    at::Tensor mixed_BTD = teacher_BTD;
    for (std::int64_t l = 0; l < num_layers; ++l) {
        const at::Tensor source_BTD = model.propagate ? mixed_BTD : teacher_BTD;
        at::Tensor teacher_mixer_BTD;
        teacher_BTD = teacherLayer(weights, l, teacher_BTD, rope, rows_N, teacher_mixer_BTD, tape.teacher_rows_ND[l]);
        mixed_BTD = mixedLayer(model, l, alpha_L[l], source_BTD, teacher_mixer_BTD, rope, tape.layers[l]);
        tape.mixed_rows_ND[l] = rowsOf(tape.layers[l].post_mixer_BTD, rows_N);
    }
    tape.teacher_hidden_BTD = teacher_BTD;
    tape.mixed_hidden_BTD = mixed_BTD;
    return tape;
}

at::Tensor morphableBackward(const MorphableModel& model, const std::vector<double>& alpha_L, MorphableTape& tape,
                             const std::vector<at::Tensor>& dpost_rows_ND, const at::Tensor& dhidden_BTD,
                             const at::Tensor& rows_N, const Rope& rope) {
    const c10::NoGradGuard no_grad;
    const ModelConfig& config = model.weights->config;
    const std::int64_t num_layers = config.num_layers;
    const at::Tensor& shape_BTD = tape.mixed_hidden_BTD;
    at::Tensor dx_BTD = dhidden_BTD.defined() ? dhidden_BTD : at::Tensor();
    std::vector<at::Tensor> grads_B(num_layers);
    for (std::int64_t l = num_layers - 1; l >= 0; --l) {
        const LayerWeights& w = model.weights->layers[l];
        MorphableTape::Layer& saved = tape.layers[l];
        at::Tensor dpost_BTD = at::zeros_like(shape_BTD);
        if (dx_BTD.defined()) {
            const at::Tensor dnormed_BTD = swigluMlpBackward(dx_BTD, w.mlp, saved.mlp);
            dpost_BTD = rmsNormBackward(dnormed_BTD.to(shape_BTD.scalar_type()), saved.post_mixer_BTD, w.mlp_norm_D,
                                        config.rms_norm_eps) +
                        dx_BTD;
        }
        if (dpost_rows_ND[l].defined()) {
            dpost_BTD.view({-1, shape_BTD.size(-1)}).index_add_(0, rows_N, dpost_rows_ND[l]);
        }
        grads_B[l] = at::sum(dpost_BTD * saved.delta_BTD, {1, 2}, false, at::kDouble);
        // Lower layers matter only when they feed this one.
        if (!model.propagate) {
            dx_BTD = at::Tensor();
        } else if (l > 0) {
            // A closed branch (weight 0) contributes exactly nothing; with reading A the softmax term is a constant.
            at::Tensor dnormed_BTD = at::zeros_like(shape_BTD);
            if (model.full_source == FullSource::Mixed && alpha_L[l] != 0) {
                dnormed_BTD.add_(softmaxMixerBackward(dpost_BTD, w.attn, config, rope, saved.softmax), alpha_L[l]);
            }
            if (alpha_L[l] != 1) {
                dnormed_BTD.add_(linearMixerBackward(dpost_BTD, model.branches->layers[l], model.branches->spec, config,
                                                     saved.linear),
                                 1 - alpha_L[l]);
            }
            dx_BTD = rmsNormBackward(dnormed_BTD, saved.input_BTD, w.attn_norm_D, config.rms_norm_eps) + dpost_BTD;
        }
        saved = {};
    }
    return at::stack(grads_B, 1);
}

}  // namespace fm
