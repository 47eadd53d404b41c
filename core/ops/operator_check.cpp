#include "core/ops/operator_check.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>

#include "core/ops/operator_problem.h"
#include "core/ops/operator_table.h"

namespace fm {

namespace {

// Of the relative l2 error.
struct Bounds {
    double output, gradient, control_gradient;
};
// 2^-53 times the square root of some thousand terms, and what the scan over chunks adds.
constexpr Bounds kFloat64 = {1e-13, 1e-13, 1e-12};
// fp32 sums of some hundred terms: 2^-24 sqrt(100) = 6e-7 and a small factor for the recurrence (kernels.md 1.9).
// Gradients pass through it twice; those of the controls subtract sums.
constexpr Bounds kFloat32 = {2e-6, 1e-5, 2e-5};
// bf16 operands with fp32 sums, simulated in advance (kernels.md 1.9): forward 3.7e-3, a gradient passes through the
// same products twice, control gradients are differences of such sums.
constexpr Bounds kBfloat16 = {5e-3, 8e-3, 1.2e-2};
constexpr double kCorrelatedFactor = 1.8;  // bf16: 6.6e-3 to 7.4e-3 forward with keys of cosine 0.9 (the same table)
constexpr double kOneTokenFactor = 4;      // single dot products, whose terms may all but cancel
constexpr double kNothing = 1e-6;          // an output whose true values are all but zero has no relative error
constexpr std::int64_t kMostDecodeTokens = 65;

struct Subject {
    const RecurrenceKind& kind;
    const char* overload;
    at::Device device;
    at::ScalarType dtype;
};

// Memory that nobody writes holds NaN while this lives. Not around chunked forms: their outputs are LibTorch's own.
class PoisonedMemory {
public:
    explicit PoisonedMemory(bool wanted) : wanted_(wanted) {
        if (wanted_) at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/true);
    }
    ~PoisonedMemory() {
        if (wanted_) at::globalContext().setDeterministicAlgorithms(false, false);
    }
    PoisonedMemory(const PoisonedMemory&) = delete;
    PoisonedMemory& operator=(const PoisonedMemory&) = delete;

private:
    bool wanted_;
};

struct Results {
    at::Tensor o, final_state, saved_o, decode_o, decode_state;
    RecurrenceGradients gradients;
};

RecurrenceInputs inputsFor(const RecurrenceInputs& in, at::Device device, at::ScalarType dtype) {
    RecurrenceInputs out = in;
    for (at::Tensor* x : {&out.q_BTHk, &out.k_BTHk, &out.v_BTHv, &out.initial_state_BHkv})
        if (x->defined()) *x = x->to(device, dtype);
    for (at::Tensor& control : out.controls) control = control.to(device, dtype);
    return out;
}

bool hasTokens(const at::Tensor& control, const RecurrenceInputs& in) {
    return control.dim() >= 3 && control.size(1) == in.q_BTHk.size(1);
}

RecurrenceInputs oneToken(const RecurrenceInputs& in, std::int64_t t) {
    RecurrenceInputs token = in;
    for (at::Tensor* x : {&token.q_BTHk, &token.k_BTHk, &token.v_BTHv}) *x = x->narrow(1, t, 1);
    for (at::Tensor& control : token.controls)
        if (hasTokens(control, in)) control = control.narrow(1, t, 1);
    token.initial_state_BHkv = at::Tensor();
    return token;
}

void decodeAll(const Recurrence& recurrence, const RecurrenceInputs& in, Results& results) {
    const std::int64_t batch = in.q_BTHk.size(0), heads = in.q_BTHk.size(2);
    results.decode_state = in.initial_state_BHkv.defined()
                               ? in.initial_state_BHkv.clone()
                               : at::zeros({batch, heads, in.k_BTHk.size(3), in.v_BTHv.size(3)}, in.v_BTHv.options());
    std::vector<at::Tensor> tokens;
    for (std::int64_t t = 0; t < in.q_BTHk.size(1); ++t)
        tokens.push_back(recurrence.decode(oneToken(in, t), results.decode_state));
    results.decode_o = at::cat(tokens, 1);
}

Results compute(const Recurrence& recurrence, const OperatorProblem& problem, const Subject& subject) {
    const RecurrenceInputs in = inputsFor(problem.inputs, subject.device, subject.dtype);
    const at::Tensor do_BTHv = problem.do_BTHv.to(subject.device, subject.dtype);
    const PoisonedMemory poisoned(recurrence.path(in.k_BTHk, in.v_BTHv) != "chunked");
    Results results;
    results.o = recurrence.forward(in, &results.final_state);
    at::Tensor saved;
    results.saved_o = recurrence.forwardSaved(in, saved);
    results.gradients = recurrence.backward(in, saved, do_BTHv);
    if (!in.lengths_B.defined() && in.q_BTHk.size(1) <= kMostDecodeTokens) decodeAll(recurrence, in, results);
    return results;
}

Results referenceOf(const RecurrenceKind& kind, const OperatorProblem& problem) {
    const RecurrenceInputs& in = problem.inputs;
    Results results;
    results.final_state =
        at::empty({in.q_BTHk.size(0), in.q_BTHk.size(2), in.k_BTHk.size(3), in.v_BTHv.size(3)}, at::kDouble);
    results.o = kind.reference.forward(in, nullptr, &results.final_state);
    results.gradients = kind.reference.backward(in, {}, problem.do_BTHv);
    return results;
}

class Comparison {
public:
    Comparison(const Subject& subject, const OperatorProblem& problem, std::string path,
               std::vector<OperatorCheck>& checks)
        : subject_(subject), problem_(problem), path_(std::move(path)), checks_(checks) {}

    void add(const std::string& output, const at::Tensor& computed, const at::Tensor& reference,
             double Bounds::*bound) {
        if (!computed.defined()) return;
        const at::Tensor difference = computed.to(at::kCPU, at::kDouble) - reference;
        const double norm = reference.norm().item<double>();
        OperatorCheck check;
        check.recurrence = subject_.kind.name;
        check.implementation = subject_.dtype == at::kDouble ? path_ + " float64" : path_;
        check.shape = problem_.shape;
        check.output = output;
        check.relative_l2 = difference.norm().item<double>() / (norm > 0 ? norm : 1);
        check.bound = boundOf(bound);
        check.ok = check.relative_l2 <= check.bound || difference.abs().max().item<double>() <= kNothing * check.bound;
        checks_.push_back(check);
    }

private:
    double boundOf(double Bounds::*bound) const {
        if (subject_.dtype == at::kDouble) return kFloat64.*bound;
        const bool bfloat16 = !subject_.device.is_cpu() && path_ != "chunked";
        if (!bfloat16) return kFloat32.*bound;
        const bool one_token = problem_.inputs.q_BTHk.size(1) == 1;
        return kBfloat16.*bound * (one_token ? kOneTokenFactor : problem_.correlated_keys ? kCorrelatedFactor : 1);
    }

    const Subject& subject_;
    const OperatorProblem& problem_;
    std::string path_;
    std::vector<OperatorCheck>& checks_;
};

void checkSubject(const Subject& subject, const OperatorProblem& problem, const Results& reference,
                  std::vector<OperatorCheck>& checks) {
    const Recurrence recurrence(subject.kind.name, subject.overload);
    const Results computed = compute(recurrence, problem, subject);
    const at::Tensor probe = at::empty({1, 1, 1, problem.inputs.k_BTHk.size(3)},
                                       at::TensorOptions().device(subject.device).dtype(subject.dtype));
    Comparison comparison(subject, problem, recurrence.path(probe, probe), checks);
    comparison.add("o", computed.o, reference.o, &Bounds::output);
    comparison.add("saved o", computed.saved_o, reference.o, &Bounds::output);
    comparison.add("final state", computed.final_state, reference.final_state, &Bounds::output);
    comparison.add("decode o", computed.decode_o, reference.o, &Bounds::output);
    comparison.add("decode state", computed.decode_state, reference.final_state, &Bounds::output);
    comparison.add("dq", computed.gradients.dq_BTHk, reference.gradients.dq_BTHk, &Bounds::gradient);
    comparison.add("dk", computed.gradients.dk_BTHk, reference.gradients.dk_BTHk, &Bounds::gradient);
    comparison.add("dv", computed.gradients.dv_BTHv, reference.gradients.dv_BTHv, &Bounds::gradient);
    for (std::size_t i = 0; i < subject.kind.trained_controls.size(); ++i)
        comparison.add("d" + subject.kind.trained_controls[i], computed.gradients.dcontrols.at(i),
                       reference.gradients.dcontrols.at(i), &Bounds::control_gradient);
}

}  // namespace

std::vector<OperatorCheck> checkOperators(at::Device device) {
    std::vector<OperatorCheck> checks;
    for (const RecurrenceKind* kind : recurrenceKinds()) {
        const std::vector<Subject> subjects = {{*kind, "", device, at::kFloat},
                                               {*kind, "chunked", device, at::kFloat},
                                               {*kind, "chunked", device, at::kDouble}};
        for (const OperatorProblem& problem : operatorProblems(*kind)) {
            const Results reference = referenceOf(*kind, problem);
            for (const Subject& subject : subjects) checkSubject(subject, problem, reference, checks);
        }
    }
    return checks;
}

}  // namespace fm
