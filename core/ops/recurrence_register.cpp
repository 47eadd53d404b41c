#include "core/ops/recurrence_register.h"

#include <ATen/ATen.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "core/base/assert.h"
#include "core/ops/precision.h"
#include "kernels/cpu/chunk_layout.h"
#include "kernels/cpu/kernel_path.h"

namespace fm {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using MaybeTensor = Recurrence::MaybeTensor;

at::Tensor dense(const at::Tensor& x) { return x.defined() ? toComputePrecision(x).contiguous() : x; }

RecurrenceInputs inputsOf(const RecurrenceKind& kind, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                          at::TensorList controls, double scale, const MaybeTensor& initial_state = std::nullopt,
                          const MaybeTensor& lengths = std::nullopt) {
    FM_ASSERT(q.dim() == 4 && q.sizes() == k.sizes(), "q and k are BTHk of one shape");
    FM_ASSERT(v.dim() == 4 && v.sizes().slice(0, 3) == q.sizes().slice(0, 3),
              "v is BTHv with the batch, tokens and heads of q");
    RecurrenceInputs in;
    in.q_BTHk = dense(q);
    in.k_BTHk = dense(k);
    in.v_BTHv = dense(v);
    for (const at::Tensor& control : controls) in.controls.push_back(dense(control));
    in.scale = scale;
    in.initial_state_BHkv = dense(initial_state.value_or(at::Tensor()));
    in.lengths_B = lengths.value_or(at::Tensor());
    kind.check_controls(in);
    return in;
}

struct Implementation {
    const RecurrenceKernels* kernels;
    const char* path;
};
using Choose = Implementation (*)(const RecurrenceKind&, const at::Tensor& k_BTHk, const at::Tensor& v_BTHv);

Implementation onAnyDevice(const RecurrenceKind& kind, const at::Tensor&, const at::Tensor&) {
    return {&kind.chunked, "chunked"};
}

// The kernels compute in fp32, with scratch for heads of that width.
Implementation onCpu(const RecurrenceKind& kind, const at::Tensor& k_BTHk, const at::Tensor& v_BTHv) {
    const bool kernels_serve = kind.cpu.forward && computeDtype(k_BTHk.scalar_type()) == at::kFloat &&
                               std::max(k_BTHk.size(-1), v_BTHv.size(-1)) <= kernels::kMaxHeadDim;
    if (!kernels_serve) return onAnyDevice(kind, k_BTHk, v_BTHv);
    return {&kind.cpu, kernels::toString(kernels::kernelPath())};
}

bool needsGraph(const RecurrenceInputs& in) {
    const auto wants = [](const at::Tensor& x) { return x.requires_grad(); };
    return at::GradMode::is_enabled() && (wants(in.q_BTHk) || wants(in.k_BTHk) || wants(in.v_BTHv) ||
                                          std::any_of(in.controls.begin(), in.controls.end(), wants));
}

// What the operator under autograd is called with beside the tensors that may want gradients.
struct GraphedCall {
    const RecurrenceInputs& in;  // holds those tensors too
    const std::string& name;
    const MaybeTensor& final_state;
};

struct GraphedRecurrence : torch::autograd::Function<GraphedRecurrence> {
    static at::Tensor forward(AutogradContext* context, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                              const at::TensorList& controls, const GraphedCall* call) {
        const auto maybe = [](const at::Tensor& x) { return x.defined() ? MaybeTensor(x) : std::nullopt; };
        const RecurrenceInputs& in = call->in;
        const auto [o_BTHv, saved] = findOperator<Recurrence::ForwardSaved>(call->name, "_forward_saved")
                                         .call(q, k, v, controls, in.scale, maybe(in.initial_state_BHkv),
                                               maybe(in.lengths_B), call->final_state);
        variable_list kept = {q, k, v, in.initial_state_BHkv, in.lengths_B, saved};
        kept.insert(kept.end(), controls.begin(), controls.end());
        context->save_for_backward(kept);
        context->saved_data["scale"] = in.scale;
        context->saved_data["name"] = call->name;
        return o_BTHv;
    }
    static variable_list backward(AutogradContext* context, const variable_list& grads) {
        const variable_list kept = context->get_saved_variables();
        RecurrenceInputs in{kept[0], kept[1], kept[2], {kept.begin() + 6, kept.end()}};
        in.scale = context->saved_data["scale"].toDouble();
        in.initial_state_BHkv = kept[3];
        in.lengths_B = kept[4];
        const Recurrence recurrence(context->saved_data["name"].toStringRef());
        const RecurrenceGradients d = recurrence.backward(in, kept[5], grads[0]);
        variable_list results = {d.dq_BTHk, d.dk_BTHk, d.dv_BTHv};
        results.insert(results.end(), d.dcontrols.begin(), d.dcontrols.end());
        results.resize(3 + in.controls.size() + 1);  // constants, and the call
        return results;
    }
};

void define(torch::Library& library, const std::string& name, const std::string& overload) {
    const std::string inputs = "(Tensor q, Tensor k, Tensor v, Tensor[] controls, float scale";
    const std::string whole = inputs + ", Tensor? initial_state, Tensor? lengths";
    const std::pair<const char*, std::string> passes[] = {
        {"_forward", whole + ", Tensor(a!)? final_state) -> Tensor"},
        {"_forward_saved", whole + ", Tensor(a!)? final_state) -> (Tensor, Tensor)"},
        {"_backward", whole + ", Tensor? saved, Tensor grad_o) -> Tensor[]"},
        {"_decode", inputs + ", Tensor(a!) state) -> Tensor"},
        {"_path", "(Tensor k, Tensor v) -> str"}};
    for (const auto& [pass, schema] : passes) {
        const std::string full_name = name + pass + overload;
        library.def((full_name + schema).c_str());
        // No graph is built below the one differentiable operator, and the chunked backward needs autograd inside.
        if (full_name != name + "_forward")
            library.impl(full_name.c_str(), c10::DispatchKey::Autograd, torch::CppFunction::makeFallthrough());
    }
}

void implementForward(torch::Library& library, const RecurrenceKind& kind, const std::string& overload,
                      c10::DispatchKey key, Choose choose) {
    const std::string name = kind.name;
    library.impl((name + "_forward" + overload).c_str(), key,
                 [kind, choose](const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::TensorList controls,
                                double scale, const MaybeTensor& initial_state, const MaybeTensor& lengths,
                                const MaybeTensor& final_state) {
                     const at::NoGradGuard no_grad;
                     const RecurrenceInputs in = inputsOf(kind, q, k, v, controls, scale, initial_state, lengths);
                     at::Tensor state = final_state.value_or(at::Tensor());
                     return choose(kind, k, v).kernels->forward(in, nullptr, state.defined() ? &state : nullptr);
                 });
    library.impl((name + "_forward_saved" + overload).c_str(), key,
                 [kind, choose](const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::TensorList controls,
                                double scale, const MaybeTensor& initial_state, const MaybeTensor& lengths,
                                const MaybeTensor& final_state) {
                     const at::NoGradGuard no_grad;
                     const RecurrenceInputs in = inputsOf(kind, q, k, v, controls, scale, initial_state, lengths);
                     at::Tensor state = final_state.value_or(at::Tensor()), saved;
                     const at::Tensor o_BTHv =
                         choose(kind, k, v).kernels->forward(in, &saved, state.defined() ? &state : nullptr);
                     return std::make_tuple(o_BTHv, saved);
                 });
}

void implementOthers(torch::Library& library, const RecurrenceKind& kind, const std::string& overload,
                     c10::DispatchKey key, Choose choose) {
    const std::string name = kind.name;
    library.impl((name + "_backward" + overload).c_str(), key,
                 [kind, choose](const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::TensorList controls,
                                double scale, const MaybeTensor& initial_state, const MaybeTensor& lengths,
                                const MaybeTensor& saved, const at::Tensor& grad_o) {
                     const at::NoGradGuard no_grad;
                     const RecurrenceInputs in = inputsOf(kind, q, k, v, controls, scale, initial_state, lengths);
                     const RecurrenceGradients d =
                         choose(kind, k, v).kernels->backward(in, saved.value_or(at::Tensor()), dense(grad_o));
                     std::vector<at::Tensor> all = {d.dq_BTHk, d.dk_BTHk, d.dv_BTHv};
                     all.insert(all.end(), d.dcontrols.begin(), d.dcontrols.end());
                     return all;
                 });
    library.impl((name + "_decode" + overload).c_str(), key,
                 [kind, choose](const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::TensorList controls,
                                double scale, const at::Tensor& state) {
                     const at::NoGradGuard no_grad;
                     at::Tensor state_BHkv = state;
                     return choose(kind, k, v).kernels->decode(inputsOf(kind, q, k, v, controls, scale), state_BHkv);
                 });
    library.impl((name + "_path" + overload).c_str(), key, [kind, choose](const at::Tensor& k, const at::Tensor& v) {
        return std::string(choose(kind, k, v).path);
    });
}

void implementAutograd(torch::Library& library, const RecurrenceKind& kind) {
    const std::string name = kind.name;
    library.impl(
        (name + "_forward").c_str(), c10::DispatchKey::Autograd,
        [kind, name](const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::TensorList controls,
                     double scale, const MaybeTensor& initial_state, const MaybeTensor& lengths,
                     const MaybeTensor& final_state) {
            const RecurrenceInputs in = inputsOf(kind, q, k, v, controls, scale, initial_state, lengths);
            if (needsGraph(in)) {
                const GraphedCall call{in, name, final_state};
                return GraphedRecurrence::apply(in.q_BTHk, in.k_BTHk, in.v_BTHv, at::TensorList(in.controls), &call);
            }
            const at::AutoDispatchBelowADInplaceOrView below_autograd;
            return findOperator<Recurrence::Forward>(name, "_forward")
                .call(in.q_BTHk, in.k_BTHk, in.v_BTHv, in.controls, scale, initial_state, lengths, final_state);
        });
}

}  // namespace

void registerRecurrence(torch::Library& library, const RecurrenceKind& kind) {
    for (const std::string overload : {"", ".chunked"}) {
        define(library, kind.name, overload);
        implementForward(library, kind, overload, c10::DispatchKey::CompositeExplicitAutograd, onAnyDevice);
        implementOthers(library, kind, overload, c10::DispatchKey::CompositeExplicitAutograd, onAnyDevice);
    }
    implementForward(library, kind, "", c10::DispatchKey::CPU, onCpu);
    implementOthers(library, kind, "", c10::DispatchKey::CPU, onCpu);
    implementAutograd(library, kind);
}

}  // namespace fm
