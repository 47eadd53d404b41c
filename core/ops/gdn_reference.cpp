#include "core/ops/cpu_kernel_run.h"
#include "core/ops/gdn.h"
#include "kernels/cpu/gdn_ref.h"

namespace fm {

namespace gdn_reference {
namespace {

kernels::GdnForwardRef referenceInputs(const RecurrenceInputs& in) {
    kernels::GdnForwardRef args = forwardArguments<kernels::GdnForwardRef, double>(in);
    args.g_BTH = in.controls[0].const_data_ptr<double>();
    args.beta_BTH = in.controls[1].const_data_ptr<double>();
    return args;
}

at::Tensor forward(const RecurrenceInputs& in, at::Tensor*, at::Tensor* final_state) {
    kernels::GdnForwardRef args = referenceInputs(in);
    at::Tensor o_BTHv;
    args.o_BTHv = allocateLike<double>(in.v_BTHv, o_BTHv);
    if (final_state) args.final_state_BHkv = final_state->mutable_data_ptr<double>();
    kernels::gdnForwardRef(args);
    return o_BTHv;
}

RecurrenceGradients backward(const RecurrenceInputs& in, const at::Tensor&, const at::Tensor& do_BTHv) {
    kernels::GdnBackwardRef args;
    args.forward = referenceInputs(in);
    RecurrenceGradients grads;
    grads.dcontrols.resize(2);
    connectGradients<double>(in, do_BTHv, grads, args);
    args.dg_BTH = allocateLike<double>(in.controls[0], grads.dcontrols[0]);
    args.dbeta_BTH = allocateLike<double>(in.controls[1], grads.dcontrols[1]);
    kernels::gdnBackwardRef(args);
    return grads;
}

}  // namespace
}  // namespace gdn_reference

RecurrenceKernels gdnReferenceKernels() { return {gdn_reference::forward, gdn_reference::backward, nullptr}; }

}  // namespace fm
