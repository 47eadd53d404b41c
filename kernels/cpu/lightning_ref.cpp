#include "kernels/cpu/lightning_ref.h"

#include <cmath>
#include <vector>

namespace fm::kernels {
namespace {

using State = std::vector<double>;  // [dk][dv]

struct Place {
    std::int64_t tokens;  // that count
    std::int64_t b;
    std::int64_t h;
    std::int64_t state;
    double decay;

    Place(const LightningForwardRef& args, std::int64_t pair)
        : b(pair / args.shape.heads),
          h(pair % args.shape.heads),
          state(pair * args.shape.dk * args.shape.dv),
          decay(std::exp(args.log_decay_H[h])) {
        tokens = args.lengths_B == nullptr ? args.shape.tokens : args.lengths_B[b];
    }
    std::int64_t row(const LinearShape& shape, std::int64_t t) const {
        return (b * shape.tokens + t) * shape.heads + h;
    }
};

State readState(const double* states, const LinearShape& shape, const Place& place) {
    State state(static_cast<std::size_t>(shape.dk * shape.dv), 0.0);
    if (states == nullptr) return state;
    for (std::size_t i = 0; i < state.size(); ++i) state[i] = states[place.state + static_cast<std::int64_t>(i)];
    return state;
}

void writeState(const State& state, const Place& place, double* states) {
    for (std::size_t i = 0; states != nullptr && i < state.size(); ++i) {
        states[place.state + static_cast<std::int64_t>(i)] = state[i];
    }
}

void step(const LightningForwardRef& args, const Place& place, std::int64_t row, State& state) {
    const std::int64_t dv = args.shape.dv;
    for (std::int64_t i = 0; i < args.shape.dk; ++i) {
        for (std::int64_t j = 0; j < dv; ++j) {
            state[i * dv + j] =
                place.decay * state[i * dv + j] + args.k_BTHk[row * args.shape.dk + i] * args.v_BTHv[row * dv + j];
        }
    }
}

void forwardPair(const LightningForwardRef& args, std::int64_t pair) {
    const std::int64_t dk = args.shape.dk;
    const std::int64_t dv = args.shape.dv;
    const Place place(args, pair);
    State state = readState(args.initial_state_BHkv, args.shape, place);
    for (std::int64_t t = 0; t < args.shape.tokens; ++t) {
        const std::int64_t row = place.row(args.shape, t);
        if (t < place.tokens) step(args, place, row, state);
        for (std::int64_t j = 0; j < dv; ++j) {
            double sum = 0;
            for (std::int64_t i = 0; i < dk && t < place.tokens; ++i)
                sum += args.q_BTHk[row * dk + i] * state[i * dv + j];
            args.o_BTHv[row * dv + j] = static_cast<double>(args.shape.scale) * sum;
        }
    }
    writeState(state, place, args.final_state_BHkv);
}

// dq = s do S_t^T, from the states in order.
void queryGradient(const LightningBackwardRef& args, const Place& place) {
    const LightningForwardRef& in = args.forward;
    const std::int64_t dk = in.shape.dk;
    const std::int64_t dv = in.shape.dv;
    State state = readState(in.initial_state_BHkv, in.shape, place);
    for (std::int64_t t = 0; t < in.shape.tokens; ++t) {
        const std::int64_t row = place.row(in.shape, t);
        if (t < place.tokens) step(in, place, row, state);
        for (std::int64_t i = 0; i < dk; ++i) {
            double sum = 0;
            for (std::int64_t j = 0; j < dv && t < place.tokens; ++j)
                sum += args.do_BTHv[row * dv + j] * state[i * dv + j];
            args.dq_BTHk[row * dk + i] = static_cast<double>(in.shape.scale) * sum;
        }
    }
}

// The adjoint of one token: dS_t += s q^T do;  dk = v dS_t^T;  dv = k dS_t;  dS_{t-1} = decay dS_t.
void stepAdjoint(const LightningBackwardRef& args, const Place& place, std::int64_t row, State& dstate) {
    const LightningForwardRef& in = args.forward;
    const std::int64_t dk = in.shape.dk;
    const std::int64_t dv = in.shape.dv;
    for (std::int64_t i = 0; i < dk; ++i) {
        for (std::int64_t j = 0; j < dv; ++j) {
            double& gradient = dstate[i * dv + j];
            gradient += static_cast<double>(in.shape.scale) * in.q_BTHk[row * dk + i] * args.do_BTHv[row * dv + j];
            args.dk_BTHk[row * dk + i] += in.v_BTHv[row * dv + j] * gradient;
            args.dv_BTHv[row * dv + j] += in.k_BTHk[row * dk + i] * gradient;
            gradient *= place.decay;
        }
    }
}

void backwardPair(const LightningBackwardRef& args, std::int64_t pair) {
    const LinearShape& shape = args.forward.shape;
    const Place place(args.forward, pair);
    queryGradient(args, place);
    State dstate = readState(args.dfinal_state_BHkv, shape, place);
    for (std::int64_t t = shape.tokens - 1; t >= 0; --t) {
        const std::int64_t row = place.row(shape, t);
        for (std::int64_t i = 0; i < shape.dk; ++i) args.dk_BTHk[row * shape.dk + i] = 0;
        for (std::int64_t j = 0; j < shape.dv; ++j) args.dv_BTHv[row * shape.dv + j] = 0;
        if (t < place.tokens) stepAdjoint(args, place, row, dstate);
    }
    writeState(dstate, place, args.dinitial_state_BHkv);
}

}  // namespace

void lightningForwardRef(const LightningForwardRef& args) {
    for (std::int64_t pair = 0; pair < args.shape.pairs(); ++pair) forwardPair(args, pair);
}

void lightningBackwardRef(const LightningBackwardRef& args) {
    for (std::int64_t pair = 0; pair < args.forward.shape.pairs(); ++pair) backwardPair(args, pair);
}

}  // namespace fm::kernels
