// Teacher + branch set + one gate per layer: the mixed stream of FlashMorph (method.md 1.3, 1.10) with a hand-written
// backward pass that yields the gradient of the gates and computes no weight gradient (kernels.md 3.1).
//
//   y_l = a_l F_l + (1 - a_l) L_l          mixer output, after o_proj, before the residual
//   H_l = x_l + y_l ;  x_{l+1} = H_l + MLP(norm(H_l))
//
// Letters: B batch, T tokens, D width, N gate rows (positions that predict an answer token), L layers.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "core/model/blocks.h"
#include "core/model/branch.h"
#include "core/model/branch_backward.h"
#include "core/model/decoder_weights.h"
#include "core/model/saved_blocks.h"

namespace fm {

// What the softmax term of the mix reads: the teacher's stream (reading A of the paper) or the mixed stream itself
// (reading B: what the deployed hybrid will see).
enum class FullSource { Teacher, Mixed };
const char* toString(FullSource source);

// Refers to weights owned elsewhere.
struct MorphableModel {
    const DecoderWeights* weights = nullptr;
    const BranchSet* branches = nullptr;
    FullSource full_source = FullSource::Mixed;
    // Off: every layer reads the teacher's stream, so that the loss splits into layers (method.md 1.11).
    bool propagate = true;
};

// Everything one forward pass leaves for the backward pass and for the objective.
struct MorphableTape {
    struct Layer {
        at::Tensor input_BTD;       // residual entering the layer, mixed stream
        at::Tensor delta_BTD;       // F - L
        at::Tensor post_mixer_BTD;  // H
        SavedSoftmaxMixer softmax;  // empty with FullSource::Teacher
        SavedLinearMixer linear;
        SavedMlp mlp;
    };
    std::vector<Layer> layers;
    std::vector<at::Tensor> teacher_rows_ND;  // H of the teacher at the gate rows, one per layer
    std::vector<at::Tensor> mixed_rows_ND;    // H of the mixed stream at the gate rows, one per layer
    at::Tensor teacher_hidden_BTD;            // residual after the last layer
    at::Tensor mixed_hidden_BTD;
};

// ids_BT int64; rows_N int64 indices into B*T; alpha_L: L numbers in [0, 1].
MorphableTape morphableForward(const MorphableModel& model, const std::vector<double>& alpha_L,
                               const at::Tensor& ids_BT, const at::Tensor& rows_N, const Rope& rope);

// Gradients of the objective: dpost_rows_ND[l] w.r.t. mixed_rows_ND[l] (undefined = 0) and dhidden_BTD w.r.t.
// mixed_hidden_BTD (undefined = 0). Returns the gate gradient per sequence, [B, L] in float64: its sum over B is the
// gradient, its spread the noise. Consumes the tape's saved activations layer by layer.
at::Tensor morphableBackward(const MorphableModel& model, const std::vector<double>& alpha_L, MorphableTape& tape,
                             const std::vector<at::Tensor>& dpost_rows_ND, const at::Tensor& dhidden_BTD,
                             const at::Tensor& rows_N, const Rope& rope);

}  // namespace fm
