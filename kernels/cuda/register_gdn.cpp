// Gated DeltaNet's kernels as the CUDA implementation of flashmorph::gdn_*. q, k and v go in as bf16 (they come from
// products of bf16 weights), results come out in fp32.
#include "kernels/cuda/gdn.h"

#include "kernels/cuda/register_common.h"

namespace fm::kernels::cuda {
namespace gdn_operator {
namespace {

// The tensors in the kernels' types, kept while the kernels are launched; later work of the stream may reuse them.
struct Call {
    at::Tensor q, k, v, g, beta, initial_state, lengths;
    FmGdnForward args = {};

    Call(const at::Tensor& q_BTHd, const at::Tensor& k_BTHd, const at::Tensor& v_BTHd, at::TensorList controls,
         double scale, const MaybeTensor& initial, const MaybeTensor& lengths_B)
        : q(asBf16(q_BTHd)),
          k(asBf16(k_BTHd)),
          v(asBf16(v_BTHd)),
          g(asFloat(controls[0])),
          beta(asFloat(controls[1])),
          initial_state(asFloat(initial)),
          lengths(lengthsOn(q_BTHd.device(), lengths_B)) {
        const auto size = [&](int dim) { return static_cast<std::int32_t>(q.size(dim)); };
        args.shape = {size(0), size(1), size(2), size(2), size(3), static_cast<float>(scale)};
        args.q_BTHd = q.const_data_ptr();
        args.k_BTHd = k.const_data_ptr();
        args.v_BTHd = v.const_data_ptr();
        args.g_BTH = g.const_data_ptr<float>();
        args.beta_BTH = beta.const_data_ptr<float>();
        if (lengths.defined()) args.lengths_B = lengths.const_data_ptr<std::int32_t>();
        args.initial_state_BHkv = floatsOrNull(initial_state);
        args.stream = c10::cuda::getCurrentCUDAStream(q.device().index());
    }
};

// Either `saved` or the workspace holds the chunks' small matrices.
at::Tensor run(Call& call, const MaybeTensor& final_state, at::Tensor* saved) {
    at::Tensor o_BTHd = at::empty_like(call.v);
    call.args.o_BTHd = o_BTHd.mutable_data_ptr();
    if (final_state) call.args.final_state_BHkv = final_state->mutable_data_ptr<float>();
    const std::size_t bytes =
        saved ? fm_gdn_saved_bytes(&call.args.shape) : fm_gdn_forward_workspace_bytes(&call.args.shape);
    const at::Tensor memory = bytesOn(call.q.device(), bytes);
    (saved ? call.args.saved : call.args.workspace) = memory.mutable_data_ptr();
    C10_CUDA_CHECK(fm_gdn_forward(&call.args));
    if (saved) *saved = memory;
    return o_BTHd.to(at::kFloat);
}

at::Tensor forward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::TensorList controls, double scale,
                   const MaybeTensor& initial_state, const MaybeTensor& lengths, const MaybeTensor& final_state) {
    static const Chunked<decltype(forward)> chunked("flashmorph::gdn_forward");
    if (!takes(k, v)) return chunked(q, k, v, controls, scale, initial_state, lengths, final_state);
    const c10::cuda::CUDAGuard guard(q.device());
    Call call(q, k, v, controls, scale, initial_state, lengths);
    return run(call, final_state, nullptr);
}

std::tuple<at::Tensor, at::Tensor> forwardSaved(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                                at::TensorList controls, double scale, const MaybeTensor& initial_state,
                                                const MaybeTensor& lengths, const MaybeTensor& final_state) {
    static const Chunked<decltype(forwardSaved)> chunked("flashmorph::gdn_forward_saved");
    if (!takes(k, v)) return chunked(q, k, v, controls, scale, initial_state, lengths, final_state);
    const c10::cuda::CUDAGuard guard(q.device());
    Call call(q, k, v, controls, scale, initial_state, lengths);
    at::Tensor saved;
    const at::Tensor o_BTHd = run(call, final_state, &saved);
    return {o_BTHd, saved};
}

std::vector<at::Tensor> backward(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::TensorList controls,
                                 double scale, const MaybeTensor& initial_state, const MaybeTensor& lengths,
                                 const MaybeTensor& saved, const at::Tensor& grad_o) {
    static const Chunked<decltype(backward)> chunked("flashmorph::gdn_backward");
    if (!takes(k, v)) return chunked(q, k, v, controls, scale, initial_state, lengths, saved, grad_o);
    TORCH_CHECK(saved.has_value(), "flashmorph::gdn_backward needs what gdn_forward_saved put out");
    const c10::cuda::CUDAGuard guard(q.device());
    Call call(q, k, v, controls, scale, initial_state, lengths);
    call.args.saved = const_cast<void*>(saved->const_data_ptr());  // read only
    const at::Tensor do_BTHd = asBf16(grad_o);
    const at::Tensor workspace = bytesOn(q.device(), fm_gdn_backward_workspace_bytes(&call.args.shape));
    at::Tensor dq = at::empty_like(call.q), dk = at::empty_like(call.k), dv = at::empty_like(call.v);
    at::Tensor dg = at::empty_like(call.g), dbeta = at::empty_like(call.beta);
    FmGdnBackward args = {};
    args.forward = call.args;
    args.do_BTHd = do_BTHd.const_data_ptr();
    args.dq_BTHd = dq.mutable_data_ptr();
    args.dk_BTHd = dk.mutable_data_ptr();
    args.dv_BTHd = dv.mutable_data_ptr();
    args.dg_BTH = dg.mutable_data_ptr<float>();
    args.dbeta_BTH = dbeta.mutable_data_ptr<float>();
    args.workspace = workspace.mutable_data_ptr();
    C10_CUDA_CHECK(fm_gdn_backward(&args));
    return {dq.to(at::kFloat), dk.to(at::kFloat), dv.to(at::kFloat), dg, dbeta};
}

at::Tensor decode(const at::Tensor& q_B1Hd, const at::Tensor& k_B1Hd, const at::Tensor& v_B1Hd, at::TensorList controls,
                  double scale, const at::Tensor& state) {
    static const Chunked<decltype(decode)> chunked("flashmorph::gdn_decode");
    if (!takes(k_B1Hd, v_B1Hd)) return chunked(q_B1Hd, k_B1Hd, v_B1Hd, controls, scale, state);
    const c10::cuda::CUDAGuard guard(q_B1Hd.device());
    const Call call(q_B1Hd, k_B1Hd, v_B1Hd, controls, scale, std::nullopt, std::nullopt);
    at::Tensor o_B1Hd = at::empty_like(call.v);
    FmGdnDecode args = {};
    args.shape = call.args.shape;
    args.q_BHd = call.args.q_BTHd;
    args.k_BHd = call.args.k_BTHd;
    args.v_BHd = call.args.v_BTHd;
    args.g_BH = call.args.g_BTH;
    args.beta_BH = call.args.beta_BTH;
    args.state_BHkv = state.mutable_data_ptr<float>();
    args.o_BHd = o_B1Hd.mutable_data_ptr();
    args.stream = call.args.stream;
    C10_CUDA_CHECK(fm_gdn_decode(&args));
    return o_B1Hd.to(at::kFloat);
}

std::string path(const at::Tensor& k, const at::Tensor& v) { return takes(k, v) ? kPath : "chunked"; }

}  // namespace
}  // namespace gdn_operator

TORCH_LIBRARY_IMPL(flashmorph, CUDA, library) {
    using namespace gdn_operator;
    library.impl("gdn_forward", forward);
    library.impl("gdn_forward_saved", forwardSaved);
    library.impl("gdn_backward", backward);
    library.impl("gdn_decode", decode);
    library.impl("gdn_path", path);
}

}  // namespace fm::kernels::cuda
