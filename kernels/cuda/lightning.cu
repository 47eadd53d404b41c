// The C interface of forward and backward: checks sizes and says which scans each consists of.
#include "kernels/cuda/lightning.h"

#include "kernels/cuda/lightning_decay_gradient.h"
#include "kernels/cuda/lightning_scan.h"

namespace fm::kernels::cuda::lightning {
namespace {

const __nv_bfloat16* bf16(const void* pointer) { return static_cast<const __nv_bfloat16*>(pointer); }
__nv_bfloat16* bf16(void* pointer) { return static_cast<__nv_bfloat16*>(pointer); }

bool isBuilt(const FmLightningShape& shape) {
    return shape.batch >= 0 && shape.tokens >= 0 && shape.heads > 0 && (shape.head_dim == 64 || shape.head_dim == 128);
}

bool isValid(const FmLightningForward& in) {
    return isBuilt(in.shape) && in.q_BTHd != nullptr && in.k_BTHd != nullptr && in.v_BTHd != nullptr &&
           (in.log_decay_H != nullptr) != (in.g_BTH != nullptr);
}

bool isValid(const FmLightningBackward& in) {
    const bool gradients =
        in.do_BTHd != nullptr && in.dq_BTHd != nullptr && in.dk_BTHd != nullptr && in.dv_BTHd != nullptr;
    const bool decays = in.forward.g_BTH == nullptr || (in.dg_BTH != nullptr && in.workspace != nullptr);
    return isValid(in.forward) && gradients && decays;
}

ScanArgs scanArgs(const FmLightningShape& shape) {
    ScanArgs args;
    args.batch = shape.batch;
    args.tokens = shape.tokens;
    args.heads = shape.heads;
    args.head_dim = shape.head_dim;
    args.chunks = (args.tokens + 63) / 64;
    args.scale = shape.scale;
    return args;
}

ScanArgs scanArgs(const FmLightningForward& in) {
    ScanArgs args = scanArgs(in.shape);
    args.log_decay_H = in.log_decay_H;
    args.g_BTH = in.g_BTH;
    args.lengths_B = in.lengths_B;
    return args;
}

ScanRole queryGradient(const FmLightningBackward& in) {
    ScanRole role;
    role.query_BTHd = bf16(in.do_BTHd);
    role.key_BTHd = bf16(in.forward.v_BTHd);
    role.value_BTHd = bf16(in.forward.k_BTHd);
    role.out_BTHd = bf16(in.dq_BTHd);
    role.initial_state = in.forward.initial_state_BHkv;
    role.layout = StateLayout::value_major;
    return role;
}

ScanRole keyGradient(const FmLightningBackward& in) {
    ScanRole role;
    role.query_BTHd = bf16(in.forward.v_BTHd);
    role.key_BTHd = bf16(in.do_BTHd);
    role.value_BTHd = bf16(in.forward.q_BTHd);
    role.out_BTHd = bf16(in.dk_BTHd);
    role.initial_state = in.dfinal_state_BHkv;
    role.final_state = in.dinitial_state_BHkv;
    role.layout = StateLayout::value_major;
    role.reverse = true;
    return role;
}

ScanRole valueGradient(const FmLightningBackward& in) {
    ScanRole role;
    role.query_BTHd = bf16(in.forward.k_BTHd);
    role.key_BTHd = bf16(in.forward.q_BTHd);
    role.value_BTHd = bf16(in.do_BTHd);
    role.out_BTHd = bf16(in.dv_BTHd);
    role.initial_state = in.dfinal_state_BHkv;
    role.layout = StateLayout::key_major;
    role.reverse = true;
    return role;
}

std::int64_t leavingStateBytes(const ScanArgs& args) {
    return args.batch * args.heads * args.chunks * args.head_dim * args.head_dim * 2;
}

// The gradient of a decay per token needs both states at the end of every chunk: dq's scan runs first and leaves its
// states, the scans against time follow.
cudaError_t backwardPerToken(const FmLightningBackward& in, ScanArgs args) {
    const cudaStream_t stream = in.forward.stream;
    const bool wide_blocks = chooseWideBlocks(args, 1);
    uint4* leaving_states = static_cast<uint4*>(in.workspace);
    float* state_dots = reinterpret_cast<float*>(static_cast<char*>(in.workspace) + leavingStateBytes(args));
    args.role_count = 1;
    args.roles[0] = queryGradient(in);
    args.roles[0].leaving_states = leaving_states;
    if (const cudaError_t status = launchScan(args, wide_blocks, stream); status != cudaSuccess) return status;
    args.role_count = 2;
    args.roles[0] = keyGradient(in);
    args.roles[0].leaving_states = leaving_states;
    args.roles[0].state_dots = state_dots;
    args.roles[1] = valueGradient(in);
    if (const cudaError_t status = launchScan(args, wide_blocks, stream); status != cudaSuccess) return status;
    return launchDecayGradient(in, state_dots, stream);
}

}  // namespace
}  // namespace fm::kernels::cuda::lightning

using namespace fm::kernels::cuda::lightning;

extern "C" cudaError_t fm_lightning_forward(const FmLightningForward* in) {
    if (!isValid(*in) || in->o_BTHd == nullptr) return cudaErrorInvalidValue;
    ScanArgs args = scanArgs(*in);
    ScanRole& role = args.roles[0];
    role.query_BTHd = bf16(in->q_BTHd);
    role.key_BTHd = bf16(in->k_BTHd);
    role.value_BTHd = bf16(in->v_BTHd);
    role.out_BTHd = bf16(in->o_BTHd);
    role.initial_state = in->initial_state_BHkv;
    role.final_state = in->final_state_BHkv;
    args.role_count = 1;
    return launchScan(args, chooseWideBlocks(args, 1), in->stream);
}

extern "C" std::size_t fm_lightning_backward_workspace_bytes(const FmLightningShape* shape, int decay_per_token) {
    if (!isBuilt(*shape) || decay_per_token == 0) return 0;
    const ScanArgs args = scanArgs(*shape);
    const std::int64_t dots = args.batch * args.heads * args.chunks * (args.head_dim / 16);
    return static_cast<std::size_t>(leavingStateBytes(args)) + static_cast<std::size_t>(dots) * sizeof(float);
}

extern "C" cudaError_t fm_lightning_backward(const FmLightningBackward* in) {
    if (!isValid(*in)) return cudaErrorInvalidValue;
    ScanArgs args = scanArgs(in->forward);
    if (args.g_BTH != nullptr) return backwardPerToken(*in, args);
    args.role_count = 3;
    args.roles[0] = queryGradient(*in);
    args.roles[1] = keyGradient(*in);
    args.roles[2] = valueGradient(*in);
    return launchScan(args, chooseWideBlocks(args, 3), in->forward.stream);
}
