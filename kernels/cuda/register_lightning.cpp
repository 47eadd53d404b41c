// Lightning's kernels as the CUDA implementation of flashmorph::lightning_*. q, k and v go in as bf16 (they come from
// products of bf16 weights), results come out in fp32. Backward saves nothing: it makes every state again.
#include "kernels/cuda/lightning.h"

#include "kernels/cuda/register_common.h"

namespace fm::kernels::cuda {
namespace lightning_operator {
namespace {

FmLightningShape shapeOf(const at::Tensor& q, double scale) {
    const auto size = [&](int dim) { return static_cast<std::int32_t>(q.size(dim)); };
    return {size(0), size(1), size(2), size(3), static_cast<float>(scale)};
}

// The tensors in the kernels' types, kept while the kernels are launched; later work of the stream may reuse them.
struct Call {
    at::Tensor q, k, v, log_decay, initial_state, lengths;
    FmLightningForward args = {};

    Call(const at::Tensor& q_BTHd, const at::Tensor& k_BTHd, const at::Tensor& v_BTHd, at::TensorList controls,
         double scale, const MaybeTensor& initial, const MaybeTensor& lengths_B)
        : q(asBf16(q_BTHd)),
          k(asBf16(k_BTHd)),
          v(asBf16(v_BTHd)),
          log_decay(asFloat(controls[0])),
          initial_state(asFloat(initial)),
          lengths(lengthsOn(q_BTHd.device(), lengths_B)) {
        args.shape = shapeOf(q, scale);
        args.q_BTHd = q.const_data_ptr();
        args.k_BTHd = k.const_data_ptr();
        args.v_BTHd = v.const_data_ptr();
        args.log_decay_H = log_decay.const_data_ptr<float>();
        if (lengths.defined()) args.lengths_B = lengths.const_data_ptr<std::int32_t>();
        args.initial_state_BHkv = floatsOrNull(initial_state);
        args.stream = c10::cuda::getCurrentCUDAStream(q.device().index());
    }
};

at::Tensor forward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::TensorList controls, double scale,
                   const MaybeTensor& initial_state, const MaybeTensor& lengths, const MaybeTensor& final_state) {
    static const Chunked<decltype(forward)> chunked("flashmorph::lightning_forward");
    if (!takes(k, v)) return chunked(q, k, v, controls, scale, initial_state, lengths, final_state);
    const c10::cuda::CUDAGuard guard(q.device());
    Call call(q, k, v, controls, scale, initial_state, lengths);
    at::Tensor o_BTHd = at::empty_like(call.v);
    call.args.o_BTHd = o_BTHd.mutable_data_ptr();
    if (final_state) call.args.final_state_BHkv = final_state->mutable_data_ptr<float>();
    C10_CUDA_CHECK(fm_lightning_forward(&call.args));
    return o_BTHd.to(at::kFloat);
}

std::tuple<at::Tensor, at::Tensor> forwardSaved(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                                at::TensorList controls, double scale, const MaybeTensor& initial_state,
                                                const MaybeTensor& lengths, const MaybeTensor& final_state) {
    return {forward(q, k, v, controls, scale, initial_state, lengths, final_state), at::Tensor()};
}

std::vector<at::Tensor> backward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::TensorList controls,
                                 double scale, const MaybeTensor& initial_state, const MaybeTensor& lengths,
                                 const MaybeTensor& saved, const at::Tensor& grad_o) {
    static const Chunked<decltype(backward)> chunked("flashmorph::lightning_backward");
    if (!takes(k, v)) return chunked(q, k, v, controls, scale, initial_state, lengths, saved, grad_o);
    const c10::cuda::CUDAGuard guard(q.device());
    const Call call(q, k, v, controls, scale, initial_state, lengths);
    const at::Tensor do_BTHd = asBf16(grad_o);
    at::Tensor dq = at::empty_like(call.q), dk = at::empty_like(call.k), dv = at::empty_like(call.v);
    FmLightningBackward args = {};
    args.forward = call.args;
    args.do_BTHd = do_BTHd.const_data_ptr();
    args.dq_BTHd = dq.mutable_data_ptr();
    args.dk_BTHd = dk.mutable_data_ptr();
    args.dv_BTHd = dv.mutable_data_ptr();
    C10_CUDA_CHECK(fm_lightning_backward(&args));
    return {dq.to(at::kFloat), dk.to(at::kFloat), dv.to(at::kFloat)};
}

at::Tensor decode(const at::Tensor& q_B1Hd, const at::Tensor& k_B1Hd, const at::Tensor& v_B1Hd, at::TensorList controls,
                  double scale, const at::Tensor& state) {
    static const Chunked<decltype(decode)> chunked("flashmorph::lightning_decode");
    if (!takes(k_B1Hd, v_B1Hd)) return chunked(q_B1Hd, k_B1Hd, v_B1Hd, controls, scale, state);
    const c10::cuda::CUDAGuard guard(q_B1Hd.device());
    const at::Tensor q = asBf16(q_B1Hd), k = asBf16(k_B1Hd), v = asBf16(v_B1Hd);
    const at::Tensor log_decay_H = asFloat(controls[0]);
    at::Tensor o_B1Hd = at::empty_like(v);
    FmLightningDecode args = {};
    args.shape = shapeOf(q, scale);
    args.q_BHd = q.const_data_ptr();
    args.k_BHd = k.const_data_ptr();
    args.v_BHd = v.const_data_ptr();
    args.log_decay_H = log_decay_H.const_data_ptr<float>();
    args.state_BHkv = state.mutable_data_ptr<float>();
    args.o_BHd = o_B1Hd.mutable_data_ptr();
    args.stream = c10::cuda::getCurrentCUDAStream(q.device().index());
    C10_CUDA_CHECK(fm_lightning_decode(&args));
    return o_B1Hd.to(at::kFloat);
}

std::string path(const at::Tensor& k, const at::Tensor& v) { return takes(k, v) ? kPath : "chunked"; }

}  // namespace
}  // namespace lightning_operator

TORCH_LIBRARY_IMPL(flashmorph, CUDA, library) {
    using namespace lightning_operator;
    library.impl("lightning_forward", forward);
    library.impl("lightning_forward_saved", forwardSaved);
    library.impl("lightning_backward", backward);
    library.impl("lightning_decode", decode);
    library.impl("lightning_path", path);
}

}  // namespace fm::kernels::cuda
