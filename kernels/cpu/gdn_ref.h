// Gated DeltaNet in float64, token by token: what is right. It is slow and may allocate. Same layout and meaning as
// gdn.h; backward runs the recurrence itself again instead of using checkpoints.
#pragma once

#include "kernels/cpu/gdn.h"

namespace fm::kernels {

struct GdnForwardRef {
    LinearShape shape;
    const double* q_BTHk = nullptr;
    const double* k_BTHk = nullptr;
    const double* v_BTHv = nullptr;
    const double* g_BTH = nullptr;
    const double* beta_BTH = nullptr;
    const std::int32_t* lengths_B = nullptr;
    const double* initial_state_BHkv = nullptr;
    double* o_BTHv = nullptr;
    double* final_state_BHkv = nullptr;
};
void gdnForwardRef(const GdnForwardRef& args);

struct GdnBackwardRef {
    GdnForwardRef forward;
    const double* do_BTHv = nullptr;
    const double* dfinal_state_BHkv = nullptr;
    double* dq_BTHk = nullptr;
    double* dk_BTHk = nullptr;
    double* dv_BTHv = nullptr;
    double* dg_BTH = nullptr;
    double* dbeta_BTH = nullptr;
    double* dinitial_state_BHkv = nullptr;
};
void gdnBackwardRef(const GdnBackwardRef& args);

}  // namespace fm::kernels
