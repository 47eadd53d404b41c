#include "kernels/cpu/gdn_ref.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace fm::kernels {
namespace {

using State = std::vector<double>;  // [dk][dv]

// Positions of one (sequence, head) pair in the arguments.
struct Place {
    std::int64_t tokens;  // that count
    std::int64_t b;
    std::int64_t h;
    std::int64_t state;

    Place(const GdnForwardRef& args, std::int64_t pair)
        : b(pair / args.shape.heads), h(pair % args.shape.heads), state(pair * args.shape.dk * args.shape.dv) {
        tokens = args.lengths_B == nullptr ? args.shape.tokens : args.lengths_B[b];
    }
    std::int64_t row(const LinearShape& shape, std::int64_t t) const {
        return (b * shape.tokens + t) * shape.heads + h;
    }
};

State initialState(const GdnForwardRef& args, const Place& place) {
    State state(static_cast<std::size_t>(args.shape.dk * args.shape.dv), 0.0);
    if (args.initial_state_BHkv == nullptr) return state;
    for (std::size_t i = 0; i < state.size(); ++i)
        state[i] = args.initial_state_BHkv[place.state + static_cast<std::int64_t>(i)];
    return state;
}

// S <- e^g S;  u = beta (v - k S);  S <- S + k^T u.  Returns v - k S, which backward needs.
std::vector<double> step(const GdnForwardRef& args, std::int64_t row, State& state) {
    const std::int64_t dk = args.shape.dk;
    const std::int64_t dv = args.shape.dv;
    const double* k = args.k_BTHk + row * dk;
    const double decay = std::exp(args.g_BTH[row]);
    for (double& element : state) element *= decay;
    std::vector<double> error(static_cast<std::size_t>(dv));
    for (std::int64_t j = 0; j < dv; ++j) {
        double predicted = 0;
        for (std::int64_t i = 0; i < dk; ++i) predicted += k[i] * state[i * dv + j];
        error[j] = args.v_BTHv[row * dv + j] - predicted;
    }
    for (std::int64_t i = 0; i < dk; ++i) {
        for (std::int64_t j = 0; j < dv; ++j) state[i * dv + j] += k[i] * args.beta_BTH[row] * error[j];
    }
    return error;
}

void readOut(const GdnForwardRef& args, std::int64_t row, const State& state) {
    const std::int64_t dk = args.shape.dk;
    const std::int64_t dv = args.shape.dv;
    for (std::int64_t j = 0; j < dv; ++j) {
        double sum = 0;
        for (std::int64_t i = 0; i < dk; ++i) sum += args.q_BTHk[row * dk + i] * state[i * dv + j];
        args.o_BTHv[row * dv + j] = static_cast<double>(args.shape.scale) * sum;
    }
}

// The adjoint of one token. dstate: gradient of S_t on entry, of S_{t-1} on exit.
//   o = s q S_t               dq = s do S_t^T            dS_t += s q^T do
//   S_t = D + k^T u           du = k dS_t                dk += u dS_t^T        dD = dS_t
//   u = beta e, e = v - k D   dbeta = <du, e>   de = beta du   dv = de   dk -= de D^T   dD -= k^T de
//   D = e^g S_{t-1}           dg = <dD, D>               dS_{t-1} = e^g dD
void stepAdjoint(const GdnBackwardRef& args, std::int64_t row, const State& before, State& dstate) {
    const GdnForwardRef& in = args.forward;
    const std::int64_t dk = in.shape.dk;
    const std::int64_t dv = in.shape.dv;
    const double scale = static_cast<double>(in.shape.scale);
    const double beta = in.beta_BTH[row];
    const double decay = std::exp(in.g_BTH[row]);
    const double* k = in.k_BTHk + row * dk;
    const double* d_o = args.do_BTHv + row * dv;
    State after = before;
    const std::vector<double> error = step(in, row, after);

    std::vector<double> du(static_cast<std::size_t>(dv), 0.0);
    for (std::int64_t i = 0; i < dk; ++i) {
        double dq = 0;
        for (std::int64_t j = 0; j < dv; ++j) {
            dq += scale * d_o[j] * after[i * dv + j];
            dstate[i * dv + j] += scale * in.q_BTHk[row * dk + i] * d_o[j];
            du[j] += k[i] * dstate[i * dv + j];
        }
        args.dq_BTHk[row * dk + i] = dq;
    }
    double dbeta = 0;
    for (std::int64_t j = 0; j < dv; ++j) {
        dbeta += du[j] * error[j];
        args.dv_BTHv[row * dv + j] = beta * du[j];
    }
    args.dbeta_BTH[row] = dbeta;
    double dg = 0;
    for (std::int64_t i = 0; i < dk; ++i) {
        double dki = 0;
        for (std::int64_t j = 0; j < dv; ++j) {
            const double decayed = decay * before[i * dv + j];
            double& gradient = dstate[i * dv + j];
            dki += beta * error[j] * gradient - beta * du[j] * decayed;
            gradient -= k[i] * beta * du[j];
            dg += gradient * decayed;
            gradient *= decay;
        }
        args.dk_BTHk[row * dk + i] = dki;
    }
    args.dg_BTH[row] = dg;
}

void storeZeroGradients(const GdnBackwardRef& args, std::int64_t row) {
    const std::int64_t dk = args.forward.shape.dk;
    const std::int64_t dv = args.forward.shape.dv;
    for (std::int64_t i = 0; i < dk; ++i) args.dq_BTHk[row * dk + i] = args.dk_BTHk[row * dk + i] = 0;
    for (std::int64_t j = 0; j < dv; ++j) args.dv_BTHv[row * dv + j] = 0;
    args.dg_BTH[row] = args.dbeta_BTH[row] = 0;
}

// Long sequences have too many states to keep: every 256th is, the others are made again from it.
void backwardPair(const GdnBackwardRef& args, std::int64_t pair) {
    constexpr std::int64_t kKept = 256;
    const GdnForwardRef& in = args.forward;
    const Place place(in, pair);
    std::vector<State> kept;
    State state = initialState(in, place);
    for (std::int64_t t = 0; t < place.tokens; ++t) {
        if (t % kKept == 0) kept.push_back(state);
        step(in, place.row(in.shape, t), state);
    }
    State dstate(state.size(), 0.0);
    for (std::size_t i = 0; args.dfinal_state_BHkv != nullptr && i < dstate.size(); ++i) {
        dstate[i] = args.dfinal_state_BHkv[place.state + static_cast<std::int64_t>(i)];
    }
    for (std::int64_t t = place.tokens; t < in.shape.tokens; ++t) {
        storeZeroGradients(args, place.row(in.shape, t));
    }
    for (std::int64_t block = static_cast<std::int64_t>(kept.size()) - 1; block >= 0; --block) {
        std::vector<State> before = {kept[block]};  // the state each token of the block meets
        const std::int64_t first = block * kKept;
        const std::int64_t end = std::min(first + kKept, place.tokens);
        for (std::int64_t t = first; t < end - 1; ++t) {
            before.push_back(before.back());
            step(in, place.row(in.shape, t), before.back());
        }
        for (std::int64_t t = end - 1; t >= first; --t) {
            stepAdjoint(args, place.row(in.shape, t), before[t - first], dstate);
        }
    }
    for (std::size_t i = 0; args.dinitial_state_BHkv != nullptr && i < dstate.size(); ++i) {
        args.dinitial_state_BHkv[place.state + static_cast<std::int64_t>(i)] = dstate[i];
    }
}

}  // namespace

void gdnForwardRef(const GdnForwardRef& args) {
    for (std::int64_t pair = 0; pair < args.shape.pairs(); ++pair) {
        const Place place(args, pair);
        State state = initialState(args, place);
        for (std::int64_t t = 0; t < args.shape.tokens; ++t) {
            const std::int64_t row = place.row(args.shape, t);
            if (t < place.tokens) {
                step(args, row, state);
                readOut(args, row, state);
                continue;
            }
            for (std::int64_t j = 0; j < args.shape.dv; ++j) args.o_BTHv[row * args.shape.dv + j] = 0;
        }
        for (std::size_t i = 0; args.final_state_BHkv != nullptr && i < state.size(); ++i) {
            args.final_state_BHkv[place.state + static_cast<std::int64_t>(i)] = state[i];
        }
    }
}

void gdnBackwardRef(const GdnBackwardRef& args) {
    for (std::int64_t pair = 0; pair < args.forward.shape.pairs(); ++pair) backwardPair(args, pair);
}

}  // namespace fm::kernels
