// Lightning with a log-decay per token in float64, token by token, for check_lightning alone: kernels/cpu/lightning_ref
// knows constant decays only. Slow and hungry for memory (every state is kept).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace fm::kernels::cuda::lightning {

struct PerTokenCase {
    std::int64_t batch, tokens, heads, d;
    double scale;
    const std::int32_t* lengths_B;
    const double *q_BTHd, *k_BTHd, *v_BTHd, *g_BTH, *do_BTHd, *initial_state_BHkv, *dfinal_state_BHkv;
};

struct PerTokenResult {
    std::vector<double> o, final_state, dq, dk, dv, dg, dinitial_state;
};

class PerTokenRef {
public:
    explicit PerTokenRef(const PerTokenCase& in) : in_(in) {
        const std::size_t rows = in.batch * in.tokens * in.heads;
        for (auto* x : {&result.o, &result.dq, &result.dk, &result.dv}) x->assign(rows * in.d, 0.0);
        result.dg.assign(rows, 0.0);
        for (auto* x : {&result.final_state, &result.dinitial_state}) x->assign(in.batch * in.heads * in.d * in.d, 0.0);
        for (std::int64_t pair = 0; pair < in.batch * in.heads; ++pair) run(pair);
    }
    PerTokenResult result;

private:
    std::int64_t row(std::int64_t pair, std::int64_t t) const {
        return (pair / in_.heads * in_.tokens + t) * in_.heads + pair % in_.heads;
    }

    void run(std::int64_t pair) {
        const std::int64_t dd = in_.d * in_.d, length = in_.lengths_B[pair / in_.heads];
        std::vector<double> states((length + 1) * dd);
        std::copy_n(in_.initial_state_BHkv + pair * dd, dd, states.begin());
        for (std::int64_t t = 0; t < length; ++t) forward(row(pair, t), &states[t * dd], &states[(t + 1) * dd]);
        std::copy_n(&states[length * dd], dd, &result.final_state[pair * dd]);
        std::vector<double> dstate(in_.dfinal_state_BHkv + pair * dd, in_.dfinal_state_BHkv + (pair + 1) * dd);
        for (std::int64_t t = length - 1; t >= 0; --t) {
            backward(row(pair, t), &states[t * dd], &states[(t + 1) * dd], dstate.data());
        }
        std::copy_n(dstate.begin(), dd, &result.dinitial_state[pair * dd]);
    }

    void forward(std::int64_t row, const double* before, double* after) {
        const double decay = std::exp(in_.g_BTH[row]);
        const std::int64_t first = row * in_.d;
        for (std::int64_t i = 0; i < in_.d; ++i) {
            for (std::int64_t j = 0; j < in_.d; ++j) {
                const std::int64_t at = i * in_.d + j;
                after[at] = decay * before[at] + in_.k_BTHd[first + i] * in_.v_BTHd[first + j];
                result.o[first + j] += in_.scale * in_.q_BTHd[first + i] * after[at];
            }
        }
    }

    // dS_t += scale q^T do;  dq = scale do S_t^T;  dk = v dS_t^T;  dv = k dS_t;  dg = e^g <S_{t-1}, dS_t>.
    void backward(std::int64_t row, const double* before, const double* after, double* dstate) {
        const double decay = std::exp(in_.g_BTH[row]);
        const std::int64_t first = row * in_.d;
        for (std::int64_t i = 0; i < in_.d; ++i) {
            for (std::int64_t j = 0; j < in_.d; ++j) {
                const std::int64_t at = i * in_.d + j;
                dstate[at] += in_.scale * in_.q_BTHd[first + i] * in_.do_BTHd[first + j];
                result.dq[first + i] += in_.scale * in_.do_BTHd[first + j] * after[at];
                result.dk[first + i] += in_.v_BTHd[first + j] * dstate[at];
                result.dv[first + j] += in_.k_BTHd[first + i] * dstate[at];
                result.dg[row] += decay * before[at] * dstate[at];
                dstate[at] *= decay;
            }
        }
    }

    PerTokenCase in_;
};

}  // namespace fm::kernels::cuda::lightning
