// The one scan that Lightning consists of. With streams named as in forward it computes
//   y_i = scale * sum_{j <= i} e^{b_i - b_j} (query_i . key_j) value_j          (b = running sum of log-decays)
// or, against time, the sum over j >= i with e^{b_j - b_i}. Then (reference/kernels.md 1.2)
//   o  = scan(q, k, v)                  dq = scan(do, v, k)
//   dv = scan against time (k, q, do)   dk = scan against time (v, do, q)
// so that backward is three scans side by side in one launch and no state is written to memory.
#pragma once

#include <cuda_bf16.h>
#include <cuda_runtime_api.h>

#include <cstdint>

namespace fm::kernels::cuda::lightning {

// Which [B,H,dk,dv] index a state row (value column of the scan) is; the other one is the scan's key.
enum class StateLayout { key_major, value_major };

struct ScanRole {
    const __nv_bfloat16* query_BTHd = nullptr;
    const __nv_bfloat16* key_BTHd = nullptr;
    const __nv_bfloat16* value_BTHd = nullptr;
    __nv_bfloat16* out_BTHd = nullptr;
    const float* initial_state = nullptr;  // optional
    float* final_state = nullptr;          // optional
    StateLayout layout = StateLayout::key_major;
    bool reverse = false;
    // For the gradient of a decay per token. A forward role writes the state that leaves each chunk; the reverse role
    // with the same layout reads it and writes <S, dS> at the end of that chunk in d/16 parts: state_dots is
    // [B*H, chunks, d/16].
    uint4* leaving_states = nullptr;
    float* state_dots = nullptr;
};

inline constexpr int kMaxScanRoles = 3;

struct ScanArgs {
    std::int64_t batch = 0;
    std::int64_t tokens = 0;
    std::int64_t heads = 0;
    std::int64_t head_dim = 0;
    float scale = 1;
    const float* log_decay_H = nullptr;
    const float* g_BTH = nullptr;
    const std::int32_t* lengths_B = nullptr;
    int role_count = 0;
    ScanRole roles[kMaxScanRoles];
    std::int64_t chunks = 0;  // ceil(T / 64)
};

// Whether blocks take all 128 value columns of a pair, or 64. Two launches that share leaving_states must do the same.
bool chooseWideBlocks(const ScanArgs& args, int role_count);
cudaError_t launchScan(const ScanArgs& args, bool wide_blocks, cudaStream_t stream);

}  // namespace fm::kernels::cuda::lightning
