// The Gated DeltaNet recurrence as an operator on tensors (reference/kernels.md 1.4, 1.5, 1.10).
//   S <- exp(g_t) S ;  u_t = beta_t (v_t - k_t S) ;  S <- S + k_t^T u_t ;  o_t = scale * q_t S
// CPU in fp32 or bf16 runs our kernels (kernels/cpu/gdn.h) on LibTorch's thread pool; float64 and every other device
// run the chunked form (chunked_gdn.h). Between input and output the mathematics is fp32 (float64 in float64).
#pragma once

#include <ATen/core/Tensor.h>

namespace fm {

struct GdnInputs {
    at::Tensor q_BTHk, k_BTHk, v_BTHv;  // as the recurrence uses them (q, k l2-normalised by the caller)
    at::Tensor g_BTH;                   // log decay, <= 0
    at::Tensor beta_BTH;
    double scale = 1;
    at::Tensor initial_state_BHkv;  // undefined = 0
    at::Tensor lengths_B;           // int32 on the CPU; tokens that count, outputs beyond are 0; undefined = all
};

// o_BTHv in fp32 (float64 for float64). Differentiable in q, k, v, g and beta; no gradient passes the states.
// `final_state_BHkv` receives the state after the last token that counts.
at::Tensor gdnRecurrence(const GdnInputs& inputs, at::Tensor* final_state_BHkv = nullptr);

// The pair for hand-written backward passes: builds no autograd graph. `checkpoints` are the kernels' states, left
// undefined where the chunked form computes its forward again.
struct GdnGradients {
    at::Tensor dq_BTHk, dk_BTHk, dv_BTHv, dg_BTH, dbeta_BTH;
};
at::Tensor gdnForwardSaved(const GdnInputs& inputs, at::Tensor& checkpoints);
GdnGradients gdnBackward(const GdnInputs& inputs, const at::Tensor& checkpoints, const at::Tensor& do_BTHv);

// One token: inputs with T = 1, no lengths; reads and overwrites `state_BHkv` (compute precision). No gradients.
at::Tensor gdnDecode(const GdnInputs& inputs, at::Tensor& state_BHkv);

}  // namespace fm
