// A linear-attention recurrence as operators of LibTorch's dispatcher: flashmorph::<name>_forward, _forward_saved,
// _backward, _decode and _path. Which implementation runs, the kernels of the tensors' device or the chunked form, is
// the operator's own answer; `_path` tells it. The overload `chunked` of each runs the chunked form on any device.
//   S_t = decayed S_{t-1} plus what token t writes ;  o_t = scale * q_t S_t        (each kind's header has its
//   equation)
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace fm {

// Any floating dtype and strides; computed in fp32 (float64 for float64). B sequences, T tokens, H heads.
struct RecurrenceInputs {
    at::Tensor q_BTHk, k_BTHk, v_BTHv;  // as the recurrence uses them
    std::vector<at::Tensor> controls;   // of decay and writing; which they are, the kind's header says
    double scale = 1;
    at::Tensor initial_state_BHkv;  // undefined = 0
    at::Tensor lengths_B;           // int32 on the CPU; tokens that count, outputs beyond are 0; undefined = all
};

struct RecurrenceGradients {
    at::Tensor dq_BTHk, dk_BTHk, dv_BTHv;
    std::vector<at::Tensor> dcontrols;  // empty where controls are constants
};

template <class Signature>
c10::TypedOperatorHandle<Signature> findOperator(const std::string& name, const char* pass,
                                                 const std::string& overload = "") {
    const std::string full_name = "flashmorph::" + name + pass;
    return c10::Dispatcher::singleton().findSchemaOrThrow(full_name.c_str(), overload.c_str()).typed<Signature>();
}

class Recurrence {
public:
    // `overload`: "" for the operator's own choice, "chunked" for that form.
    explicit Recurrence(const std::string& name, const std::string& overload = "");

    // o_BTHv in compute precision. Differentiable in q, k, v and trained controls; no gradient passes the states.
    // `final_state_BHkv` receives the state after the last token that counts.
    at::Tensor forward(const RecurrenceInputs& inputs, at::Tensor* final_state_BHkv = nullptr) const;

    // The pair for hand-written backward passes: builds no graph. `saved` is the implementation's own, often undefined.
    at::Tensor forwardSaved(const RecurrenceInputs& inputs, at::Tensor& saved) const;
    RecurrenceGradients backward(const RecurrenceInputs& inputs, const at::Tensor& saved,
                                 const at::Tensor& do_BTHv) const;

    // One token: inputs with T = 1, no lengths and no initial state; overwrites `state_BHkv`. No gradients.
    at::Tensor decode(const RecurrenceInputs& inputs, at::Tensor& state_BHkv) const;

    // What serves heads like these: an instruction set of the kernels ("avx512", "sm_90") or "chunked".
    std::string path(const at::Tensor& k_BTHk, const at::Tensor& v_BTHv) const;

    using MaybeTensor = std::optional<at::Tensor>;
    using Forward = at::Tensor(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::TensorList controls,
                               double scale, const MaybeTensor& initial_state, const MaybeTensor& lengths,
                               const MaybeTensor& final_state);
    using ForwardSaved = std::tuple<at::Tensor, at::Tensor>(const at::Tensor& q, const at::Tensor& k,
                                                            const at::Tensor& v, at::TensorList controls, double scale,
                                                            const MaybeTensor& initial_state,
                                                            const MaybeTensor& lengths, const MaybeTensor& final_state);
    using Backward = std::vector<at::Tensor>(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                             at::TensorList controls, double scale, const MaybeTensor& initial_state,
                                             const MaybeTensor& lengths, const MaybeTensor& saved,
                                             const at::Tensor& grad_o);
    using Decode = at::Tensor(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::TensorList controls,
                              double scale, const at::Tensor& state);
    using Path = std::string(const at::Tensor& k, const at::Tensor& v);

private:
    c10::TypedOperatorHandle<Forward> forward_;
    c10::TypedOperatorHandle<ForwardSaved> forward_saved_;
    c10::TypedOperatorHandle<Backward> backward_;
    c10::TypedOperatorHandle<Decode> decode_;
    c10::TypedOperatorHandle<Path> path_;
};

}  // namespace fm
