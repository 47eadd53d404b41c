// Linear attention with one fixed decay per head (Lightning, RetNet) as an operator on tensors (kernels.md 1.2).
//   S <- exp(log_decay_h) S + k_t^T v_t ;  o_t = scale * q_t S
// Same devices, precisions and contracts as gdn_op.h; the decays are constants and get no gradient.
#pragma once

#include <ATen/core/Tensor.h>

namespace fm {

struct LightningInputs {
    at::Tensor q_BTHk, k_BTHk, v_BTHv;
    at::Tensor log_decay_H;  // <= 0
    double scale = 1;
    at::Tensor initial_state_BHkv;  // undefined = 0
    at::Tensor lengths_B;           // int32 on the CPU; undefined = all
};

at::Tensor lightningRecurrence(const LightningInputs& inputs, at::Tensor* final_state_BHkv = nullptr);

struct LightningGradients {
    at::Tensor dq_BTHk, dk_BTHk, dv_BTHv;
};
// Backward needs nothing from the forward but its inputs.
LightningGradients lightningBackward(const LightningInputs& inputs, const at::Tensor& do_BTHv);

// One token: inputs with T = 1, no lengths; reads and overwrites `state_BHkv` (compute precision). No gradients.
at::Tensor lightningDecode(const LightningInputs& inputs, at::Tensor& state_BHkv);

}  // namespace fm
