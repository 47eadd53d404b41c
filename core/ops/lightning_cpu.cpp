#include "kernels/cpu/lightning.h"

#include "core/ops/cpu_kernel_run.h"
#include "core/ops/lightning.h"

namespace fm {

namespace lightning_cpu {
namespace {

kernels::LightningForward kernelInputs(const RecurrenceInputs& in) {
    kernels::LightningForward args = forwardArguments<kernels::LightningForward>(in);
    args.log_decay_H = in.controls[0].const_data_ptr<float>();
    return args;
}

at::Tensor forward(const RecurrenceInputs& in, at::Tensor*, at::Tensor* final_state) {
    kernels::LightningForward args = kernelInputs(in);
    return runForwardKernel(args, in.v_BTHv, final_state, kernels::lightningForward);
}

RecurrenceGradients backward(const RecurrenceInputs& in, const at::Tensor&, const at::Tensor& do_BTHv) {
    kernels::LightningBackward args;
    args.forward = kernelInputs(in);
    RecurrenceGradients grads;
    connectGradients(in, do_BTHv, grads, args);
    runBackwardKernel(args, kernels::lightningBackwardWorkspaceFloats(args.forward.shape), in.q_BTHk.options(),
                      kernels::lightningBackward);
    return grads;
}

at::Tensor decode(const RecurrenceInputs& in, at::Tensor& state_BHkv) {
    at::Tensor o_BTHv;
    kernels::LightningDecode args = decodeArguments<kernels::LightningDecode>(in, state_BHkv, o_BTHv);
    args.log_decay_H = in.controls[0].const_data_ptr<float>();
    runDecodeKernel(args, kernels::lightningDecode);
    return o_BTHv;
}

}  // namespace
}  // namespace lightning_cpu

RecurrenceKernels lightningCpuKernels() {
    return {lightning_cpu::forward, lightning_cpu::backward, lightning_cpu::decode};
}

}  // namespace fm
