#include "kernels/cpu/kernel_bench.h"

#include <algorithm>
#include <ctime>

#include "kernels/cpu/kernel_problem.h"
#include "kernels/cpu/lightning.h"

namespace fm::kernels {
namespace {

constexpr int kRepeats = 25;

// Time that this thread was really running: other processes on the machine do not count.
double threadMicroseconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) * 1e-3;
}

// Microseconds per token and head of `work`, which handles token_heads of them.
template <typename Work>
KernelTiming timeWork(const char* kernel, const char* pass, std::int64_t dim, std::int64_t token_heads, Work work) {
    std::vector<double> us;
    work();  // touches all memory once
    for (int repeat = 0; repeat < kRepeats; ++repeat) {
        const double begin_us = threadMicroseconds();
        work();
        us.push_back((threadMicroseconds() - begin_us) / static_cast<double>(token_heads));
    }
    std::sort(us.begin(), us.end());
    return {kernel, pass, dim, us[us.size() / 2], us.front()};
}

// Buffers of one problem and the arguments that point into them.
struct Bench {
    KernelProblem problem;
    std::vector<float> o, final_state, checkpoints, workspace, dq, dk, dv, dg, dbeta;
    GdnBackward gdn;
    LightningBackward lightning;

    explicit Bench(std::int64_t dim) : problem(makeKernelProblem(1, 512, 2, dim, dim, {.with_states = false})) {
        const LinearShape& shape = problem.shape;
        const std::size_t rows = static_cast<std::size_t>(shape.tokens * shape.heads);
        const std::size_t vectors = rows * static_cast<std::size_t>(dim);
        for (std::vector<float>* buffer : {&o, &dq, &dk, &dv}) buffer->resize(vectors);
        dg.resize(rows);
        dbeta.resize(rows);
        final_state.resize(static_cast<std::size_t>(shape.pairs() * dim * dim));
        checkpoints.resize(static_cast<std::size_t>(gdnCheckpointFloats(shape)));
        workspace.resize(static_cast<std::size_t>(
            std::max(gdnBackwardWorkspaceFloats(shape), lightningBackwardWorkspaceFloats(shape))));
        connect(gdn);
        connect(lightning);
        gdn.forward.g_BTH = problem.g_BTH.data();
        gdn.forward.beta_BTH = problem.beta_BTH.data();
        gdn.forward.checkpoints = checkpoints.data();
        gdn.dg_BTH = dg.data();
        gdn.dbeta_BTH = dbeta.data();
        lightning.forward.log_decay_H = problem.log_decay_H.data();
    }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    template <typename Backward>
    void connect(Backward& args) {
        args.forward.shape = problem.shape;
        args.forward.q_BTHk = problem.q_BTHk.data();
        args.forward.k_BTHk = problem.k_BTHk.data();
        args.forward.v_BTHv = problem.v_BTHv.data();
        args.forward.o_BTHv = o.data();
        args.do_BTHv = problem.do_BTHv.data();
        args.dq_BTHk = dq.data();
        args.dk_BTHk = dk.data();
        args.dv_BTHv = dv.data();
        args.workspace = workspace.data();
    }
};

template <typename Decode>
Decode decodeArgs(Bench& bench) {
    Decode args;
    args.shape = bench.problem.shape;
    args.shape.tokens = 1;
    args.q_BHk = bench.problem.q_BTHk.data();
    args.k_BHk = bench.problem.k_BTHk.data();
    args.v_BHv = bench.problem.v_BTHv.data();
    args.state_BHkv = bench.final_state.data();
    args.o_BHv = bench.o.data();
    return args;
}

void benchDim(std::int64_t dim, std::vector<KernelTiming>& timings) {
    Bench bench(dim);
    const std::int64_t pairs = bench.problem.shape.pairs();
    const std::int64_t token_heads = bench.problem.shape.tokens * pairs;
    constexpr int kDecodeSteps = 256;
    GdnDecode gdn_decode = decodeArgs<GdnDecode>(bench);
    gdn_decode.g_BH = bench.problem.g_BTH.data();
    gdn_decode.beta_BH = bench.problem.beta_BTH.data();
    LightningDecode lightning_decode = decodeArgs<LightningDecode>(bench);
    lightning_decode.log_decay_H = bench.problem.log_decay_H.data();

    timings.push_back(timeWork("gdn", "forward", dim, token_heads, [&] { gdnForward(bench.gdn.forward, 0, pairs); }));
    timings.push_back(timeWork("gdn", "backward", dim, token_heads, [&] { gdnBackward(bench.gdn, 0, pairs); }));
    timings.push_back(timeWork("gdn", "decode", dim, kDecodeSteps * pairs, [&] {
        for (int step = 0; step < kDecodeSteps; ++step) gdnDecode(gdn_decode, 0, pairs);
    }));
    timings.push_back(timeWork("lightning", "forward", dim, token_heads,
                               [&] { lightningForward(bench.lightning.forward, 0, pairs); }));
    timings.push_back(
        timeWork("lightning", "backward", dim, token_heads, [&] { lightningBackward(bench.lightning, 0, pairs); }));
    timings.push_back(timeWork("lightning", "decode", dim, kDecodeSteps * pairs, [&] {
        for (int step = 0; step < kDecodeSteps; ++step) lightningDecode(lightning_decode, 0, pairs);
    }));
}

}  // namespace

std::vector<KernelTiming> benchKernels() {
    std::vector<KernelTiming> timings;
    for (const std::int64_t dim : {16, 32, 64, 128}) benchDim(dim, timings);
    return timings;
}

}  // namespace fm::kernels
