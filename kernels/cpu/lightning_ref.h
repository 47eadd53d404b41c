// Lightning in float64, token by token: what is right. Same layout and meaning as lightning.h.
#pragma once

#include "kernels/cpu/lightning.h"

namespace fm::kernels {

struct LightningForwardRef {
    LinearShape shape;
    const double* q_BTHk = nullptr;
    const double* k_BTHk = nullptr;
    const double* v_BTHv = nullptr;
    const double* log_decay_H = nullptr;
    const std::int32_t* lengths_B = nullptr;
    const double* initial_state_BHkv = nullptr;
    double* o_BTHv = nullptr;
    double* final_state_BHkv = nullptr;
};
void lightningForwardRef(const LightningForwardRef& args);

struct LightningBackwardRef {
    LightningForwardRef forward;
    const double* do_BTHv = nullptr;
    const double* dfinal_state_BHkv = nullptr;
    double* dq_BTHk = nullptr;
    double* dk_BTHk = nullptr;
    double* dv_BTHv = nullptr;
    double* dinitial_state_BHkv = nullptr;
};
void lightningBackwardRef(const LightningBackwardRef& args);

}  // namespace fm::kernels
