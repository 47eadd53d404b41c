// Linear attention with one fixed decay per head (Lightning, RetNet), CPU, fp32 (reference/kernels.md 1.2).
//   S <- exp(log_decay_h) S + k_t^T v_t ;  o_t = scale * q_t S
// Same layout, ranges and threading rules as gdn.h.
#pragma once

#include "kernels/cpu/gdn.h"

namespace fm::kernels {

struct LightningForward {
    LinearShape shape;
    const float* q_BTHk = nullptr;
    const float* k_BTHk = nullptr;
    const float* v_BTHv = nullptr;
    const float* log_decay_H = nullptr;  // <= 0
    const std::int32_t* lengths_B = nullptr;
    const float* initial_state_BHkv = nullptr;
    float* o_BTHv = nullptr;
    float* final_state_BHkv = nullptr;
};
void lightningForward(const LightningForward& args, std::int64_t first_pair, std::int64_t last_pair);

struct LightningBackward {
    LightningForward forward;
    const float* do_BTHv = nullptr;
    const float* dfinal_state_BHkv = nullptr;
    float* dq_BTHk = nullptr;
    float* dk_BTHk = nullptr;
    float* dv_BTHv = nullptr;
    float* dinitial_state_BHkv = nullptr;
    float* workspace = nullptr;  // lightningBackwardWorkspaceFloats(shape) for each concurrent call
};
std::int64_t lightningBackwardWorkspaceFloats(const LinearShape& shape);
void lightningBackward(const LightningBackward& args, std::int64_t first_pair, std::int64_t last_pair);

struct LightningDecode {
    LinearShape shape;
    const float* q_BHk = nullptr;
    const float* k_BHk = nullptr;
    const float* v_BHv = nullptr;
    const float* log_decay_H = nullptr;
    float* state_BHkv = nullptr;
    float* o_BHv = nullptr;
};
void lightningDecode(const LightningDecode& args, std::int64_t first_pair, std::int64_t last_pair);

}  // namespace fm::kernels
