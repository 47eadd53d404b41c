// Compares the Lightning kernels with float64 recurrences over bf16 inputs, padding and outputs poisoned with NaN.
// Prints the worst relative l2 errors and exits with 1 if one exceeds its bound. Arguments: "quick" leaves out the long
// sequences.
#include <cuda_bf16.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "kernels/cpu/lightning_ref.h"
#include "kernels/cuda/lightning.h"
#include "kernels/cuda/lightning_check_ref.h"

namespace {

using namespace fm::kernels;
using Bf16s = std::vector<__nv_bfloat16>;
using Doubles = std::vector<double>;

// bf16 operands give about 3.7e-3 for o, 3e-3 for states at any design (reference/kernels.md 1.9). dg is a difference
// of larger sums over gradients and states that were themselves rounded to bf16.
const std::map<std::string, double> kBounds = {{"o", 5e-3},  {"S", 4e-3},  {"dq", 5e-3}, {"dk", 5e-3},
                                               {"dv", 5e-3}, {"dS", 4e-3}, {"dg", 2e-2}};

void require(cudaError_t status, const char* what) {
    if (status == cudaSuccess) return;
    std::printf("%s: %s\n", what, cudaGetErrorString(status));
    std::exit(1);
}

template <class T>
class Device {
public:
    explicit Device(const std::vector<T>& host) : count_(host.size()) {
        require(cudaMalloc(&pointer_, bytes() + 16), "cudaMalloc");
        require(cudaMemcpy(pointer_, host.data(), bytes(), cudaMemcpyHostToDevice), "cudaMemcpy");
    }
    explicit Device(std::size_t count) : count_(count) {
        require(cudaMalloc(&pointer_, bytes() + 16), "cudaMalloc");
        require(cudaMemset(pointer_, 0xff, bytes() + 16), "cudaMemset");  // NaN in bf16 and in fp32
    }
    Device(const Device&) = delete;
    ~Device() { cudaFree(pointer_); }
    T* get() { return static_cast<T*>(pointer_); }
    Doubles read() const {
        std::vector<T> host(count_);
        require(cudaMemcpy(host.data(), pointer_, bytes(), cudaMemcpyDeviceToHost), "cudaMemcpy");
        Doubles values(count_);
        for (std::size_t i = 0; i < count_; ++i) values[i] = static_cast<float>(host[i]);
        return values;
    }

private:
    std::size_t bytes() const { return count_ * sizeof(T); }
    void* pointer_ = nullptr;
    std::size_t count_;
};

// |x - reference| / |reference|; NaN, which no comparison accepts, where an output was not written.
double relativeError(const Doubles& x, const Doubles& reference) {
    double difference = 0, norm = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        difference += (x[i] - reference[i]) * (x[i] - reference[i]);
        norm += reference[i] * reference[i];
    }
    return std::sqrt(difference / (norm > 0 ? norm : 1));
}

// Filled by several threads, since the references take their time.
class Errors {
public:
    void add(const std::string& name, const Doubles& x, const Doubles& reference, const std::string& where) {
        const double error = relativeError(x, reference);
        const std::lock_guard lock(mutex_);
        if (!(error <= worst_[name])) worst_[name] = error;
        if (error <= kBounds.at(name)) return;
        failed_ = true;
        std::printf("FAILED %s: %s %.3e\n", where.c_str(), name.c_str(), error);
    }
    bool report(const char* title) const {
        std::printf("%s:", title);
        for (const auto& [name, error] : worst_) std::printf(" %s %.2e", name.c_str(), error);
        std::printf("\n");
        return !failed_;
    }

private:
    std::mutex mutex_;
    std::map<std::string, double> worst_;
    bool failed_ = false;
};

struct Case {
    std::int64_t batch, tokens, heads, d;
    bool padding;
    bool per_token;
    bool states;  // initial state and gradient of the final state
    FmLightningShape shape() const {
        return {static_cast<std::int32_t>(batch), static_cast<std::int32_t>(tokens), static_cast<std::int32_t>(heads),
                static_cast<std::int32_t>(d), 1 / std::sqrt(static_cast<float>(d))};
    }
    std::string name() const {
        char text[96];
        std::snprintf(text, sizeof text, "B%d T%d H%d d%d%s%s", static_cast<int>(batch), static_cast<int>(tokens),
                      static_cast<int>(heads), static_cast<int>(d), padding ? " padded" : "",
                      per_token ? " per token" : "");
        return text;
    }
};

struct Inputs {
    explicit Inputs(const Case& c) {
        std::mt19937 rng(static_cast<unsigned>(c.tokens * 7 + c.d + c.batch));
        std::normal_distribution<float> normal;
        const std::size_t rows = c.batch * c.tokens * c.heads;
        for (Bf16s* x : {&q, &k, &v, &grad}) {
            x->resize(rows * c.d);
            for (auto& value : *x) value = __float2bfloat16(normal(rng));
        }
        for (auto* x : {&initial, &dfinal}) {
            x->resize(c.batch * c.heads * c.d * c.d);
            for (float& value : *x) value = c.states ? normal(rng) : 0.0f;
        }
        for (std::int64_t h = 0; h < c.heads; ++h) log_decay.push_back(-std::exp2(-8.0f * (h + 1) / c.heads));
        for (std::size_t i = 0; i < rows; ++i) g.push_back(log_decay[i % c.heads] * std::exp(normal(rng)));
        for (std::int64_t b = 0; b < c.batch; ++b) {
            const bool cut = c.padding && b % 3 != 1;
            lengths.push_back(static_cast<std::int32_t>(cut ? c.tokens * (b % 5 + 1) / 6 : c.tokens));
        }
    }
    // Where nothing may be read.
    void poisonPadding(const Case& c) {
        for (std::int64_t b = 0; b < c.batch; ++b) {
            for (std::int64_t i = (b * c.tokens + lengths[b]) * c.heads; i < (b + 1) * c.tokens * c.heads; ++i) {
                g[i] = NAN;
                for (Bf16s* x : {&q, &k, &v, &grad}) {
                    for (std::int64_t j = 0; j < c.d; ++j) (*x)[i * c.d + j] = __float2bfloat16(NAN);
                }
            }
        }
    }
    Bf16s q, k, v, grad;
    std::vector<float> initial, dfinal, log_decay, g;
    std::vector<std::int32_t> lengths;
};

template <class T>
Doubles wide(const std::vector<T>& x) {
    Doubles values(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) values[i] = static_cast<float>(x[i]);
    return values;
}

cuda::lightning::PerTokenResult constantReference(const Case& c, const Inputs& in) {
    const Doubles q = wide(in.q), k = wide(in.k), v = wide(in.v), grad = wide(in.grad), decay = wide(in.log_decay);
    const Doubles initial = wide(in.initial), dfinal = wide(in.dfinal);
    cuda::lightning::PerTokenResult r;
    for (auto* x : {&r.o, &r.dq, &r.dk, &r.dv}) x->resize(q.size());
    for (auto* x : {&r.final_state, &r.dinitial_state}) x->resize(initial.size());
    const LinearShape shape{c.batch, c.tokens, c.heads, c.d, c.d, 1 / std::sqrt(static_cast<float>(c.d))};
    const LightningForwardRef forward{shape,          q.data(),     k.data(),
                                      v.data(),       decay.data(), in.lengths.data(),
                                      initial.data(), r.o.data(),   r.final_state.data()};
    lightningForwardRef(forward);
    lightningBackwardRef(
        {forward, grad.data(), dfinal.data(), r.dq.data(), r.dk.data(), r.dv.data(), r.dinitial_state.data()});
    return r;
}

cuda::lightning::PerTokenResult perTokenReference(const Case& c, const Inputs& in) {
    const Doubles q = wide(in.q), k = wide(in.k), v = wide(in.v), grad = wide(in.grad), g = wide(in.g);
    const Doubles initial = wide(in.initial), dfinal = wide(in.dfinal);
    const double scale = 1 / std::sqrt(static_cast<float>(c.d));
    return cuda::lightning::PerTokenRef({c.batch, c.tokens, c.heads, c.d, scale, in.lengths.data(), q.data(), k.data(),
                                         v.data(), g.data(), grad.data(), initial.data(), dfinal.data()})
        .result;
}

void checkCase(const Case& c, Errors& errors) {
    Inputs in(c);
    const cuda::lightning::PerTokenResult reference = c.per_token ? perTokenReference(c, in) : constantReference(c, in);
    in.poisonPadding(c);
    Device<__nv_bfloat16> q(in.q), k(in.k), v(in.v), grad(in.grad);
    Device<__nv_bfloat16> o(in.q.size()), dq(in.q.size()), dk(in.q.size()), dv(in.q.size());
    Device<float> initial(in.initial), dfinal(in.dfinal), log_decay(in.log_decay), g(in.g);
    Device<float> final_state(in.initial.size()), dinitial(in.initial.size()), dg(in.g.size());
    Device<std::int32_t> lengths(in.lengths);
    const FmLightningForward forward{c.shape(),
                                     q.get(),
                                     k.get(),
                                     v.get(),
                                     c.per_token ? nullptr : log_decay.get(),
                                     c.per_token ? g.get() : nullptr,
                                     c.padding ? lengths.get() : nullptr,
                                     c.states ? initial.get() : nullptr,
                                     o.get(),
                                     final_state.get(),
                                     nullptr};
    require(fm_lightning_forward(&forward), "forward");
    Device<unsigned char> workspace(fm_lightning_backward_workspace_bytes(&forward.shape, c.per_token));
    const FmLightningBackward backward{forward,  grad.get(),     c.states ? dfinal.get() : nullptr,
                                       dq.get(), dk.get(),       dv.get(),
                                       dg.get(), dinitial.get(), workspace.get()};
    require(fm_lightning_backward(&backward), "backward");
    require(cudaDeviceSynchronize(), c.name().c_str());
    errors.add("o", o.read(), reference.o, c.name());
    errors.add("S", final_state.read(), reference.final_state, c.name());
    errors.add("dq", dq.read(), reference.dq, c.name());
    errors.add("dk", dk.read(), reference.dk, c.name());
    errors.add("dv", dv.read(), reference.dv, c.name());
    errors.add("dS", dinitial.read(), reference.dinitial_state, c.name());
    if (c.per_token) errors.add("dg", dg.read(), reference.dg, c.name());
}

// One token from a given state.
void checkDecode(const Case& c, Errors& errors) {
    Inputs in(c);
    const cuda::lightning::PerTokenResult reference = c.per_token ? perTokenReference(c, in) : constantReference(c, in);
    Device<__nv_bfloat16> q(in.q), k(in.k), v(in.v), o(in.q.size());
    Device<float> state(in.initial), log_decay(in.log_decay), g(in.g);
    const FmLightningDecode decode{c.shape(),
                                   q.get(),
                                   k.get(),
                                   v.get(),
                                   c.per_token ? nullptr : log_decay.get(),
                                   c.per_token ? g.get() : nullptr,
                                   state.get(),
                                   o.get(),
                                   nullptr};
    require(fm_lightning_decode(&decode), "decode");
    require(cudaDeviceSynchronize(), "decode");
    errors.add("o", o.read(), reference.o, "decode " + c.name());
    errors.add("S", state.read(), reference.final_state, "decode " + c.name());
}

}  // namespace

int main(int argc, char** argv) {
    const bool quick = argc > 1 && std::strcmp(argv[1], "quick") == 0;
    Errors constant, per_token, decode;
    std::vector<std::future<void>> tasks;
    const auto start = [&](const Case& c, Errors& errors) {
        tasks.push_back(std::async(std::launch::async, [c, &errors] { checkCase(c, errors); }));
    };
    for (const std::int64_t d : {64, 128}) {
        for (const std::int64_t tokens : {1, 63, 64, 65, 1000, 4097}) {
            if (quick && tokens > 100) continue;
            for (const bool padding : {false, true}) start({3, tokens, 2, d, padding, false, padding}, constant);
            if (tokens <= 1000) start({3, tokens, 2, d, true, true, true}, per_token);
        }
        // More pairs: the wider cuts of the value columns.
        start({12, quick ? 200 : 700, 4, d, true, false, true}, constant);
        start({12, quick ? 130 : 300, 4, d, true, true, true}, per_token);
        if (!quick) start({36, 330, 4, d, true, false, true}, constant);
        if (!quick) start({36, 130, 4, d, true, true, true}, per_token);
        for (const bool g : {false, true}) checkDecode({3, 1, 4, d, false, g, true}, decode);
    }
    for (auto& task : tasks) task.get();
    bool good = constant.report("constant decay");
    good = per_token.report("decay per token") && good;
    good = decode.report("decode") && good;
    std::printf(good ? "lightning: all within bounds\n" : "lightning: FAILED\n");
    return good ? 0 : 1;
}
