// Lightning attention (simple GLA: one scalar decay per head or per token) on the GPU, bf16 with fp32 sums and states
// (chunk form of the recurrence in kernels/cpu/lightning.h).
//   S <- exp(g_t) S + k_t^T v_t ;  o_t = scale * q_t S
// A C interface over raw device pointers, so that scripts can call it too. Nothing here allocates, waits for the
// device or keeps a pointer; everything runs on `stream` and can be captured in a graph. Results are deterministic.
//
// q, k, v, o and their gradients are contiguous bf16 [B,T,H,d]; all else is fp32. Pointers are aligned to 16 bytes.
// The log-decays, finite and <= 0, are either log_decay_H, constant in time, or g_BTH: exactly one of the two is given.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

extern "C" {

struct FmLightningShape {
    std::int32_t batch;     // B
    std::int32_t tokens;    // T
    std::int32_t heads;     // H
    std::int32_t head_dim;  // d of keys and of values: 64 or 128
    float scale;            // usually d^-1/2
};

struct FmLightningForward {
    FmLightningShape shape;
    const void* q_BTHd;
    const void* k_BTHd;
    const void* v_BTHd;
    const float* log_decay_H;
    const float* g_BTH;
    const std::int32_t* lengths_B;    // optional: tokens that count; inputs beyond are not read, outputs there are 0
    const float* initial_state_BHkv;  // optional, else 0
    void* o_BTHd;
    float* final_state_BHkv;  // optional: state after the last token that counts
    cudaStream_t stream;
};

// Backward makes every state again, so forward saves nothing for it.
struct FmLightningBackward {
    FmLightningForward forward;  // same inputs; outputs are neither read nor written
    const void* do_BTHd;
    const float* dfinal_state_BHkv;  // optional
    void* dq_BTHd;
    void* dk_BTHd;
    void* dv_BTHd;
    float* dg_BTH;               // with g_BTH only
    float* dinitial_state_BHkv;  // optional
    void* workspace;             // fm_lightning_backward_workspace_bytes() bytes
};

// One token for every sequence, the state updated in place; shape.tokens is not used.
struct FmLightningDecode {
    FmLightningShape shape;
    const void* q_BHd;
    const void* k_BHd;
    const void* v_BHd;
    const float* log_decay_H;
    const float* g_BH;
    float* state_BHkv;
    void* o_BHd;
    cudaStream_t stream;
};

// 0 for constant decays.
std::size_t fm_lightning_backward_workspace_bytes(const FmLightningShape* shape, int decay_per_token);

// cudaErrorInvalidValue for a shape that is not built or a missing pointer; nothing is launched then.
cudaError_t fm_lightning_forward(const FmLightningForward* args);
cudaError_t fm_lightning_backward(const FmLightningBackward* args);
cudaError_t fm_lightning_decode(const FmLightningDecode* args);

}  // extern "C"
