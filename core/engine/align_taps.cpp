#include "core/engine/align_taps.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "core/model/hybrid_model.h"

namespace fm {

void tapTeacher(const DecoderWeights& teacher, const at::Tensor& ids_BT, const Rope& rope, const TapVisitor& visit) {
    const double eps = teacher.config.rms_norm_eps;
    at::Tensor hidden_BTD;
    {
        const c10::NoGradGuard no_grad;
        hidden_BTD = embed(teacher, ids_BT);
    }
    for (std::size_t l = 0; l < teacher.layers.size(); ++l) {
        const LayerWeights& layer = teacher.layers[l];
        LayerTap tap;
        {
            const c10::NoGradGuard no_grad;
            tap.normed_BTD = rmsNorm(hidden_BTD, layer.attn_norm_D, eps);
            tap.mixer_BTD = softmaxMixer(tap.normed_BTD, layer.attn, teacher.config, rope);
            hidden_BTD = hidden_BTD + tap.mixer_BTD;
            hidden_BTD = hidden_BTD + swigluMlp(rmsNorm(hidden_BTD, layer.mlp_norm_D, eps), layer.mlp);
        }
        visit(static_cast<std::int64_t>(l), tap);
    }
}

BranchInit calibrationTaps(const DecoderWeights& teacher, const at::Tensor& ids_BT, const Rope& rope) {
    BranchInit init;
    tapTeacher(teacher, ids_BT, rope, [&init](std::int64_t, const LayerTap& tap) {
        init.normed_BTD.push_back(tap.normed_BTD.to(at::kFloat));
        init.target_BTD.push_back(tap.mixer_BTD.to(at::kFloat));
    });
    return init;
}

}  // namespace fm
