// Gated DeltaNet recurrence on the CPU, fp32 (reference/kernels.md 1.4, 1.5, 1.10).
//   S <- exp(g_t) S ;  u_t = beta_t (v_t - k_t S) ;  S <- S + k_t^T u_t ;  o_t = scale * q_t S
// q, k arrive as the caller wants them used (l2-normalised outside). S is [dk][dv] row-major.
//
// B sequences, T tokens, H heads. The unit of parallel work is one (sequence, head) pair; the caller splits
// [0, B*H) over its own thread pool and calls the range functions, which never spawn threads and never allocate
// beyond the workspace given.
#pragma once

#include <cstdint>

namespace fm::kernels {

struct LinearShape {
    std::int64_t batch = 0;   // B
    std::int64_t tokens = 0;  // T
    std::int64_t heads = 0;   // H
    std::int64_t dk = 0;      // 1..256
    std::int64_t dv = 0;      // 1..256
    float scale = 1;          // usually dk^-1/2
    std::int64_t pairs() const { return batch * heads; }
};

// Strides in floats: element (b, t, h, c) of q, k, v, o lies at b*T*H*d + t*H*d + h*d + c (contiguous [B,T,H,d]).
struct GdnForward {
    LinearShape shape;
    const float* q_BTHk = nullptr;
    const float* k_BTHk = nullptr;
    const float* v_BTHv = nullptr;
    const float* g_BTH = nullptr;  // log decay, <= 0
    const float* beta_BTH = nullptr;
    const std::int32_t* lengths_B = nullptr;    // optional: tokens that count; outputs beyond are 0
    const float* initial_state_BHkv = nullptr;  // optional, else 0
    float* o_BTHv = nullptr;
    float* final_state_BHkv = nullptr;  // optional: state after the last token that counts
    float* checkpoints = nullptr;       // optional, for backward: gdnCheckpointFloats() floats
};
std::int64_t gdnCheckpointFloats(const LinearShape& shape);
void gdnForward(const GdnForward& args, std::int64_t first_pair, std::int64_t last_pair);

struct GdnBackward {
    GdnForward forward;  // same inputs and checkpoints; outputs are not read
    const float* do_BTHv = nullptr;
    const float* dfinal_state_BHkv = nullptr;  // optional
    float* dq_BTHk = nullptr;
    float* dk_BTHk = nullptr;
    float* dv_BTHv = nullptr;
    float* dg_BTH = nullptr;
    float* dbeta_BTH = nullptr;
    float* dinitial_state_BHkv = nullptr;  // optional
    float* workspace = nullptr;            // gdnBackwardWorkspaceFloats(shape) floats for each concurrent call
};
std::int64_t gdnBackwardWorkspaceFloats(const LinearShape& shape);
void gdnBackward(const GdnBackward& args, std::int64_t first_pair, std::int64_t last_pair);

// One token for every sequence: T = 1, state updated in place.
struct GdnDecode {
    LinearShape shape;
    const float* q_BHk = nullptr;
    const float* k_BHk = nullptr;
    const float* v_BHv = nullptr;
    const float* g_BH = nullptr;
    const float* beta_BH = nullptr;
    float* state_BHkv = nullptr;
    float* o_BHv = nullptr;
};
void gdnDecode(const GdnDecode& args, std::int64_t first_pair, std::int64_t last_pair);

}  // namespace fm::kernels
