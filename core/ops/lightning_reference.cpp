#include "core/ops/cpu_kernel_run.h"
#include "core/ops/lightning.h"
#include "kernels/cpu/lightning_ref.h"

namespace fm {

namespace lightning_reference {
namespace {

kernels::LightningForwardRef referenceInputs(const RecurrenceInputs& in) {
    kernels::LightningForwardRef args = forwardArguments<kernels::LightningForwardRef, double>(in);
    args.log_decay_H = in.controls[0].const_data_ptr<double>();
    return args;
}

at::Tensor forward(const RecurrenceInputs& in, at::Tensor*, at::Tensor* final_state) {
    kernels::LightningForwardRef args = referenceInputs(in);
    at::Tensor o_BTHv;
    args.o_BTHv = allocateLike<double>(in.v_BTHv, o_BTHv);
    if (final_state) args.final_state_BHkv = final_state->mutable_data_ptr<double>();
    kernels::lightningForwardRef(args);
    return o_BTHv;
}

RecurrenceGradients backward(const RecurrenceInputs& in, const at::Tensor&, const at::Tensor& do_BTHv) {
    kernels::LightningBackwardRef args;
    args.forward = referenceInputs(in);
    RecurrenceGradients grads;
    connectGradients<double>(in, do_BTHv, grads, args);
    kernels::lightningBackwardRef(args);
    return grads;
}

}  // namespace
}  // namespace lightning_reference

RecurrenceKernels lightningReferenceKernels() {
    return {lightning_reference::forward, lightning_reference::backward, nullptr};
}

}  // namespace fm
