#include "kernels/cpu/kernel_problem.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "kernels/cpu/gdn_ref.h"
#include "kernels/cpu/kernel_assert.h"
#include "kernels/cpu/lightning_ref.h"

namespace fm::kernels {
namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

class Random {
public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}
    float normal() { return distribution_(engine_); }
    Floats normals(std::int64_t count) {
        Floats values(static_cast<std::size_t>(count));
        for (float& value : values) value = normal();
        return values;
    }

private:
    std::mt19937_64 engine_;
    std::normal_distribution<float> distribution_;
};

void normaliseRows(Floats& values, std::int64_t dim) {
    for (std::size_t row = 0; row < values.size(); row += static_cast<std::size_t>(dim)) {
        double sum = 0;
        for (std::int64_t i = 0; i < dim; ++i) sum += static_cast<double>(values[row + i]) * values[row + i];
        for (std::int64_t i = 0; i < dim; ++i) values[row + i] /= static_cast<float>(std::sqrt(sum + 1e-12));
    }
}

template <typename Number>
const Number* orNull(const std::vector<Number>& values) {
    return values.empty() ? nullptr : values.data();
}

Doubles widen(const Floats& values) { return Doubles(values.begin(), values.end()); }

template <typename Number>
std::vector<Number> poisoned(std::int64_t count) {
    return std::vector<Number>(static_cast<std::size_t>(count), std::numeric_limits<Number>::quiet_NaN());
}

template <typename Number>
KernelOutputs<Number> poisonedOutputs(const LinearShape& shape, bool with_gates) {
    const std::int64_t rows = shape.batch * shape.tokens * shape.heads;
    const std::int64_t states = shape.pairs() * shape.dk * shape.dv;
    KernelOutputs<Number> out;
    out.o = poisoned<Number>(rows * shape.dv);
    out.final_state = poisoned<Number>(states);
    out.dq = poisoned<Number>(rows * shape.dk);
    out.dk = poisoned<Number>(rows * shape.dk);
    out.dv = poisoned<Number>(rows * shape.dv);
    out.dinitial_state = poisoned<Number>(states);
    if (with_gates) out.dg = out.dbeta = poisoned<Number>(rows);
    return out;
}

// What both mixers and both precisions have in common.
template <typename Forward, typename Number>
void connectForward(const KernelProblem& problem, const std::vector<Number>& q, const std::vector<Number>& k,
                    const std::vector<Number>& v, const std::vector<Number>& initial, KernelOutputs<Number>& out,
                    Forward& forward) {
    forward.shape = problem.shape;
    forward.q_BTHk = q.data();
    forward.k_BTHk = k.data();
    forward.v_BTHv = v.data();
    forward.lengths_B = orNull(problem.lengths_B);
    forward.initial_state_BHkv = orNull(initial);
    forward.o_BTHv = out.o.data();
    forward.final_state_BHkv = out.final_state.data();
}

template <typename Backward, typename Number>
void connectBackward(const std::vector<Number>& d_o, const std::vector<Number>& dfinal, KernelOutputs<Number>& out,
                     Backward& backward) {
    backward.do_BTHv = d_o.data();
    backward.dfinal_state_BHkv = orNull(dfinal);
    backward.dq_BTHk = out.dq.data();
    backward.dk_BTHk = out.dk.data();
    backward.dv_BTHv = out.dv.data();
    backward.dinitial_state_BHkv = out.dinitial_state.data();
}

template <typename Decode>
void connectDecode(const KernelProblem& problem, const Floats& q_BHk, const Floats& k_BHk, const Floats& v_BHv,
                   KernelOutputs<float>& out, Floats& o_BHv, Decode& decode) {
    decode.shape = problem.shape;
    decode.shape.tokens = 1;
    decode.q_BHk = q_BHk.data();
    decode.k_BHk = k_BHk.data();
    decode.v_BHv = v_BHv.data();
    decode.state_BHkv = out.final_state.data();
    decode.o_BHv = o_BHv.data();
}

// Token t of a [B, T, H, dim] tensor as [B, H, dim].
Floats tokenSlice(const Floats& values, const LinearShape& shape, std::int64_t t, std::int64_t dim) {
    Floats slice;
    for (std::int64_t b = 0; b < shape.batch; ++b) {
        const auto first = values.begin() + (b * shape.tokens + t) * shape.heads * dim;
        slice.insert(slice.end(), first, first + shape.heads * dim);
    }
    return slice;
}

void putTokenSlice(const Floats& slice, const LinearShape& shape, std::int64_t t, std::int64_t dim, Floats& values) {
    for (std::int64_t b = 0; b < shape.batch; ++b) {
        std::copy_n(slice.begin() + b * shape.heads * dim, shape.heads * dim,
                    values.begin() + (b * shape.tokens + t) * shape.heads * dim);
    }
}

// Calls run(t, q, k, v, out, o_BHv) for every token.
template <typename Run>
KernelOutputs<float> decodeAll(const KernelProblem& problem, Run run) {
    FM_KERNEL_ASSERT(problem.lengths_B.empty(), "decode has no padding");
    const LinearShape& shape = problem.shape;
    KernelOutputs<float> out;
    out.o = poisoned<float>(shape.batch * shape.tokens * shape.heads * shape.dv);
    out.final_state = problem.initial_state_BHkv;
    out.final_state.resize(static_cast<std::size_t>(shape.pairs() * shape.dk * shape.dv), 0.0F);
    for (std::int64_t t = 0; t < shape.tokens; ++t) {
        Floats o_BHv = poisoned<float>(shape.pairs() * shape.dv);
        run(t, tokenSlice(problem.q_BTHk, shape, t, shape.dk), tokenSlice(problem.k_BTHk, shape, t, shape.dk),
            tokenSlice(problem.v_BTHv, shape, t, shape.dv), out, o_BHv);
        putTokenSlice(o_BHv, shape, t, shape.dv, out.o);
    }
    return out;
}

void addError(const char* name, const Floats& computed, const Doubles& reference, std::vector<OutputError>& errors) {
    if (computed.empty()) return;
    FM_KERNEL_ASSERT(computed.size() == reference.size(), "both results have one size");
    double error2 = 0;
    double norm2 = 0;
    double error_max = 0;
    double max = 0;
    for (std::size_t i = 0; i < computed.size(); ++i) {
        const double error = std::abs(static_cast<double>(computed[i]) - reference[i]);
        error2 += error * error;
        norm2 += reference[i] * reference[i];
        if (std::isnan(error) || error > error_max) error_max = error;  // NaN stays
        max = std::max(max, std::abs(reference[i]));
    }
    // A reference that is all zeros (no tokens) leaves the absolute error.
    errors.push_back(
        {name, std::sqrt(error2) / (norm2 > 0 ? std::sqrt(norm2) : 1), error_max / (max > 0 ? max : 1), error_max});
}

}  // namespace

KernelProblem makeKernelProblem(std::int64_t batch, std::int64_t tokens, std::int64_t heads, std::int64_t dk,
                                std::int64_t dv, const ProblemOptions& options) {
    Random random(options.seed);
    KernelProblem problem;
    problem.shape = {batch, tokens, heads, dk, dv, 1 / std::sqrt(static_cast<float>(dk))};
    const std::int64_t rows = batch * tokens * heads;
    problem.q_BTHk = random.normals(rows * dk);
    problem.k_BTHk = random.normals(rows * dk);
    normaliseRows(problem.q_BTHk, dk);
    normaliseRows(problem.k_BTHk, dk);
    problem.v_BTHv = random.normals(rows * dv);
    problem.do_BTHv = random.normals(rows * dv);
    for (std::int64_t row = 0; row < rows; ++row) {
        problem.g_BTH.push_back(-std::log1p(std::exp(-(random.normal() + options.mean_gate))));
        problem.beta_BTH.push_back(1 / (1 + std::exp(-random.normal())));
    }
    for (std::int64_t h = 0; h < heads; ++h) {
        problem.log_decay_H.push_back(-0.5F * static_cast<float>(h) / static_cast<float>(heads));
    }
    if (options.with_states) {
        problem.initial_state_BHkv = random.normals(batch * heads * dk * dv);
        problem.dfinal_state_BHkv = random.normals(batch * heads * dk * dv);
    }
    return problem;
}

KernelOutputs<float> runGdn(const KernelProblem& problem) {
    const LinearShape& shape = problem.shape;
    KernelOutputs<float> out = poisonedOutputs<float>(shape, true);
    Floats checkpoints = poisoned<float>(gdnCheckpointFloats(shape));
    Floats workspace = poisoned<float>(gdnBackwardWorkspaceFloats(shape));
    GdnBackward args;
    connectForward(problem, problem.q_BTHk, problem.k_BTHk, problem.v_BTHv, problem.initial_state_BHkv, out,
                   args.forward);
    args.forward.g_BTH = problem.g_BTH.data();
    args.forward.beta_BTH = problem.beta_BTH.data();
    args.forward.checkpoints = checkpoints.data();
    gdnForward(args.forward, 0, shape.pairs());
    connectBackward(problem.do_BTHv, problem.dfinal_state_BHkv, out, args);
    args.dg_BTH = out.dg.data();
    args.dbeta_BTH = out.dbeta.data();
    args.workspace = workspace.data();
    gdnBackward(args, 0, shape.pairs());
    return out;
}

KernelOutputs<double> runGdnRef(const KernelProblem& problem) {
    KernelOutputs<double> out = poisonedOutputs<double>(problem.shape, true);
    const Doubles q = widen(problem.q_BTHk), k = widen(problem.k_BTHk), v = widen(problem.v_BTHv);
    const Doubles g = widen(problem.g_BTH), beta = widen(problem.beta_BTH), d_o = widen(problem.do_BTHv);
    const Doubles initial = widen(problem.initial_state_BHkv), dfinal = widen(problem.dfinal_state_BHkv);
    GdnBackwardRef args;
    connectForward(problem, q, k, v, initial, out, args.forward);
    args.forward.g_BTH = g.data();
    args.forward.beta_BTH = beta.data();
    gdnForwardRef(args.forward);
    connectBackward(d_o, dfinal, out, args);
    args.dg_BTH = out.dg.data();
    args.dbeta_BTH = out.dbeta.data();
    gdnBackwardRef(args);
    return out;
}

KernelOutputs<float> runLightning(const KernelProblem& problem) {
    const LinearShape& shape = problem.shape;
    KernelOutputs<float> out = poisonedOutputs<float>(shape, false);
    Floats workspace = poisoned<float>(lightningBackwardWorkspaceFloats(shape));
    LightningBackward args;
    connectForward(problem, problem.q_BTHk, problem.k_BTHk, problem.v_BTHv, problem.initial_state_BHkv, out,
                   args.forward);
    args.forward.log_decay_H = problem.log_decay_H.data();
    lightningForward(args.forward, 0, shape.pairs());
    connectBackward(problem.do_BTHv, problem.dfinal_state_BHkv, out, args);
    args.workspace = workspace.data();
    lightningBackward(args, 0, shape.pairs());
    return out;
}

KernelOutputs<double> runLightningRef(const KernelProblem& problem) {
    KernelOutputs<double> out = poisonedOutputs<double>(problem.shape, false);
    const Doubles q = widen(problem.q_BTHk), k = widen(problem.k_BTHk), v = widen(problem.v_BTHv);
    const Doubles log_decay = widen(problem.log_decay_H), d_o = widen(problem.do_BTHv);
    const Doubles initial = widen(problem.initial_state_BHkv), dfinal = widen(problem.dfinal_state_BHkv);
    LightningBackwardRef args;
    connectForward(problem, q, k, v, initial, out, args.forward);
    args.forward.log_decay_H = log_decay.data();
    lightningForwardRef(args.forward);
    connectBackward(d_o, dfinal, out, args);
    lightningBackwardRef(args);
    return out;
}

KernelOutputs<float> runGdnDecode(const KernelProblem& problem) {
    return decodeAll(problem, [&](std::int64_t t, const Floats& q, const Floats& k, const Floats& v,
                                  KernelOutputs<float>& out, Floats& o_BHv) {
        const Floats g = tokenSlice(problem.g_BTH, problem.shape, t, 1);
        const Floats beta = tokenSlice(problem.beta_BTH, problem.shape, t, 1);
        GdnDecode args;
        connectDecode(problem, q, k, v, out, o_BHv, args);
        args.g_BH = g.data();
        args.beta_BH = beta.data();
        gdnDecode(args, 0, problem.shape.pairs());
    });
}

KernelOutputs<float> runLightningDecode(const KernelProblem& problem) {
    return decodeAll(problem, [&](std::int64_t, const Floats& q, const Floats& k, const Floats& v,
                                  KernelOutputs<float>& out, Floats& o_BHv) {
        LightningDecode args;
        connectDecode(problem, q, k, v, out, o_BHv, args);
        args.log_decay_H = problem.log_decay_H.data();
        lightningDecode(args, 0, problem.shape.pairs());
    });
}

std::vector<OutputError> compareOutputs(const KernelOutputs<float>& computed, const KernelOutputs<double>& reference) {
    std::vector<OutputError> errors;
    addError("o", computed.o, reference.o, errors);
    addError("final_state", computed.final_state, reference.final_state, errors);
    addError("dq", computed.dq, reference.dq, errors);
    addError("dk", computed.dk, reference.dk, errors);
    addError("dv", computed.dv, reference.dv, errors);
    addError("dg", computed.dg, reference.dg, errors);
    addError("dbeta", computed.dbeta, reference.dbeta, errors);
    addError("dinitial_state", computed.dinitial_state, reference.dinitial_state, errors);
    return errors;
}

}  // namespace fm::kernels
