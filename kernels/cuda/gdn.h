// Gated DeltaNet on Hopper GPUs, bf16 with fp32 sums (chunk form of the recurrence in kernels/cpu/gdn.h).
//   S <- exp(g_t) S ;  u_t = beta_t (v_t - k_t S) ;  S <- S + k_t^T u_t ;  o_t = scale * q_t S
// A C interface over raw device pointers, so that scripts can call it too. Nothing here allocates, waits for the
// device or keeps a pointer; everything runs on `stream` and can be captured in a graph. Results are deterministic.
//
// Tensors are contiguous [B,T,H,d]; q, k, v, o and their gradients are bf16, all else is fp32. Pointers are aligned to
// 16 bytes. q and k arrive as they are used: k has unit length and beta lies in [0,2], so that no token lengthens what
// the state holds; long sequences rely on that (gdn_segment.cuh). Hv value heads share H query and key heads: value
// head hv reads head hv / (Hv/H).
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

extern "C" {

struct FmGdnShape {
    std::int32_t batch;        // B
    std::int32_t tokens;       // T
    std::int32_t heads;        // H, of q and k
    std::int32_t value_heads;  // Hv, a multiple of H
    std::int32_t head_dim;     // d of keys and of values: 64 or 128
    float scale;               // usually d^-1/2
};

struct FmGdnForward {
    FmGdnShape shape;
    const void* q_BTHd;
    const void* k_BTHd;
    const void* v_BTHd;
    const float* g_BTH;  // log decay, <= 0; per value head, as beta
    const float* beta_BTH;
    const std::int32_t* lengths_B;    // optional: tokens that count, 0..T; inputs beyond change nothing, outputs are 0
    const float* initial_state_BHkv;  // optional, else 0
    void* o_BTHd;
    float* final_state_BHkv;  // optional: state after the last token that counts
    void* saved;              // optional: fm_gdn_saved_bytes() bytes for backward
    void* workspace;          // fm_gdn_forward_workspace_bytes() bytes; not used if saved is given
    cudaStream_t stream;
};

struct FmGdnBackward {
    FmGdnForward forward;  // same inputs and saved; outputs and workspace are not read
    const void* do_BTHd;
    const float* dfinal_state_BHkv;  // optional
    void* dq_BTHd;
    void* dk_BTHd;
    void* dv_BTHd;
    float* dg_BTH;
    float* dbeta_BTH;
    float* dinitial_state_BHkv;  // optional
    void* workspace;             // fm_gdn_backward_workspace_bytes() bytes
};

// One token of every sequence; the state is updated in place. `tokens` of the shape is not read.
struct FmGdnDecode {
    FmGdnShape shape;
    const void* q_BHd;
    const void* k_BHd;
    const void* v_BHd;
    const float* g_BH;
    const float* beta_BH;
    float* state_BHkv;
    void* o_BHd;
    cudaStream_t stream;
};

// 0 for a shape that is not built.
std::size_t fm_gdn_saved_bytes(const FmGdnShape* shape);
std::size_t fm_gdn_forward_workspace_bytes(const FmGdnShape* shape);
std::size_t fm_gdn_backward_workspace_bytes(const FmGdnShape* shape);

// cudaErrorInvalidValue for a shape that is not built or a missing pointer; nothing is launched then.
cudaError_t fm_gdn_forward(const FmGdnForward* args);
cudaError_t fm_gdn_backward(const FmGdnBackward* args);
cudaError_t fm_gdn_decode(const FmGdnDecode* args);

}  // extern "C"
