// What the recurrence operators share: in which precision they compute, when the CPU kernels serve, and how they are
// run on LibTorch's threads.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cstdint>

namespace fm {

// fp32 for everything narrower, float64 stays.
at::ScalarType computeDtype(at::ScalarType dtype);
at::Tensor toComputePrecision(const at::Tensor& x);  // undefined stays undefined

// True for fp32 tensors on the CPU with heads of up to kMaxHeadDim: kernels/cpu has the recurrences in that precision
// only, with scratch of that width. `k` and `v` are in compute precision.
bool runsOnKernels(const at::Tensor& k_BTHk, const at::Tensor& v_BTHv);

// [B,T,1] bool on `device`: token t of sequence b counts.
at::Tensor validTokens(const at::Tensor& lengths_B, std::int64_t tokens, at::Device device);

// A new tensor of the shape of `like`, not filled, and its data.
float* allocateLike(const at::Tensor& like, at::Tensor& made);

// Runs a forward kernel over all (sequence, head) pairs of `args`, whose inputs are set, and returns what it puts out.
// `final_state` may be null.
template <class Args>
at::Tensor runForwardKernel(Args& args, const at::Tensor& v_BTHv, at::Tensor* final_state,
                            void (*kernel)(const Args&, std::int64_t, std::int64_t)) {
    at::Tensor o_BTHv;
    args.o_BTHv = allocateLike(v_BTHv, o_BTHv);
    if (final_state) {
        *final_state = v_BTHv.new_empty({args.shape.batch, args.shape.heads, args.shape.dk, args.shape.dv});
        args.final_state_BHkv = final_state->template mutable_data_ptr<float>();
    }
    at::parallel_for(0, args.shape.pairs(), 1,
                     [&](std::int64_t first, std::int64_t last) { kernel(args, first, last); });
    return o_BTHv;
}

// The same for a backward kernel; each thread has its own workspace.
template <class Args>
void runBackwardKernel(const Args& args, std::int64_t workspace_floats, const at::TensorOptions& options,
                       void (*kernel)(const Args&, std::int64_t, std::int64_t)) {
    at::Tensor workspace = at::empty({at::get_num_threads(), workspace_floats}, options);
    float* const base = workspace.mutable_data_ptr<float>();
    at::parallel_for(0, args.forward.shape.pairs(), 1, [&](std::int64_t first, std::int64_t last) {
        Args mine = args;
        mine.workspace = base + at::get_thread_num() * workspace_floats;
        kernel(mine, first, last);
    });
}

}  // namespace fm
