#include "core/ops/cpu_kernel_run.h"
#include "core/ops/gdn.h"
#include "kernels/cpu/gdn.h"

namespace fm {

namespace gdn_cpu {
namespace {

kernels::GdnForward kernelInputs(const RecurrenceInputs& in) {
    kernels::GdnForward args = forwardArguments<kernels::GdnForward>(in);
    args.g_BTH = in.controls[0].const_data_ptr<float>();
    args.beta_BTH = in.controls[1].const_data_ptr<float>();
    return args;
}

at::Tensor forward(const RecurrenceInputs& in, at::Tensor* checkpoints, at::Tensor* final_state) {
    kernels::GdnForward args = kernelInputs(in);
    if (checkpoints) {
        *checkpoints = at::empty({kernels::gdnCheckpointFloats(args.shape)}, in.v_BTHv.options());
        args.checkpoints = checkpoints->mutable_data_ptr<float>();
    }
    return runForwardKernel(args, in.v_BTHv, final_state, kernels::gdnForward);
}

RecurrenceGradients backward(const RecurrenceInputs& in, const at::Tensor& checkpoints, const at::Tensor& do_BTHv) {
    kernels::GdnBackward args;
    args.forward = kernelInputs(in);
    // the backward kernels read what the forward stored and do not write it
    args.forward.checkpoints = const_cast<float*>(checkpoints.const_data_ptr<float>());
    RecurrenceGradients grads;
    grads.dcontrols.resize(2);
    connectGradients(in, do_BTHv, grads, args);
    args.dg_BTH = allocateLike(in.controls[0], grads.dcontrols[0]);
    args.dbeta_BTH = allocateLike(in.controls[1], grads.dcontrols[1]);
    runBackwardKernel(args, kernels::gdnBackwardWorkspaceFloats(args.forward.shape), in.q_BTHk.options(),
                      kernels::gdnBackward);
    return grads;
}

at::Tensor decode(const RecurrenceInputs& in, at::Tensor& state_BHkv) {
    at::Tensor o_BTHv;
    kernels::GdnDecode args = decodeArguments<kernels::GdnDecode>(in, state_BHkv, o_BTHv);
    args.g_BH = in.controls[0].const_data_ptr<float>();
    args.beta_BH = in.controls[1].const_data_ptr<float>();
    runDecodeKernel(args, kernels::gdnDecode);
    return o_BTHv;
}

}  // namespace
}  // namespace gdn_cpu

RecurrenceKernels gdnCpuKernels() { return {gdn_cpu::forward, gdn_cpu::backward, gdn_cpu::decode}; }

}  // namespace fm
