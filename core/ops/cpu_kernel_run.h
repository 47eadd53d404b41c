// How the kernels of kernels/cpu are run on LibTorch's threads.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cstdint>

#include "core/ops/recurrence.h"

namespace fm {

// Shape and pointers that all kinds' kernels and references name alike.
template <class Forward, class Number = float>
Forward forwardArguments(const RecurrenceInputs& in) {
    Forward args;
    args.shape = {in.q_BTHk.size(0), in.q_BTHk.size(1), in.q_BTHk.size(2),
                  in.q_BTHk.size(3), in.v_BTHv.size(3), static_cast<float>(in.scale)};
    args.q_BTHk = in.q_BTHk.const_data_ptr<Number>();
    args.k_BTHk = in.k_BTHk.const_data_ptr<Number>();
    args.v_BTHv = in.v_BTHv.const_data_ptr<Number>();
    if (in.lengths_B.defined()) args.lengths_B = in.lengths_B.const_data_ptr<std::int32_t>();
    if (in.initial_state_BHkv.defined()) args.initial_state_BHkv = in.initial_state_BHkv.const_data_ptr<Number>();
    return args;
}

template <class Decode>
Decode decodeArguments(const RecurrenceInputs& in, at::Tensor& state_BHkv, at::Tensor& o_BTHv) {
    Decode args;
    args.shape = {in.q_BTHk.size(0),           1, in.q_BTHk.size(2), in.q_BTHk.size(3), in.v_BTHv.size(3),
                  static_cast<float>(in.scale)};
    args.q_BHk = in.q_BTHk.const_data_ptr<float>();
    args.k_BHk = in.k_BTHk.const_data_ptr<float>();
    args.v_BHv = in.v_BTHv.const_data_ptr<float>();
    args.state_BHkv = state_BHkv.mutable_data_ptr<float>();
    o_BTHv = at::empty(in.v_BTHv.sizes(), in.v_BTHv.options());
    args.o_BHv = o_BTHv.mutable_data_ptr<float>();
    return args;
}

// A new tensor of the shape of `like`, not filled, and its data.
template <class Number = float>
Number* allocateLike(const at::Tensor& like, at::Tensor& made) {
    made = at::empty(like.sizes(), like.options());
    return made.template mutable_data_ptr<Number>();
}

template <class Number = float, class Backward>
void connectGradients(const RecurrenceInputs& in, const at::Tensor& do_BTHv, RecurrenceGradients& grads,
                      Backward& args) {
    args.do_BTHv = do_BTHv.const_data_ptr<Number>();
    args.dq_BTHk = allocateLike<Number>(in.q_BTHk, grads.dq_BTHk);
    args.dk_BTHk = allocateLike<Number>(in.k_BTHk, grads.dk_BTHk);
    args.dv_BTHv = allocateLike<Number>(in.v_BTHv, grads.dv_BTHv);
}

template <class Args>
using RangeKernel = void (*)(const Args&, std::int64_t first_pair, std::int64_t last_pair);

// Runs a forward kernel over all (sequence, head) pairs of `args`, whose inputs are set, and returns what it puts out.
template <class Args>
at::Tensor runForwardKernel(Args& args, const at::Tensor& v_BTHv, at::Tensor* final_state, RangeKernel<Args> kernel) {
    at::Tensor o_BTHv;
    args.o_BTHv = allocateLike(v_BTHv, o_BTHv);
    if (final_state) args.final_state_BHkv = final_state->template mutable_data_ptr<float>();
    at::parallel_for(0, args.shape.pairs(), 1,
                     [&](std::int64_t first, std::int64_t last) { kernel(args, first, last); });
    return o_BTHv;
}

// The same for a backward kernel; each thread has its own workspace.
template <class Args>
void runBackwardKernel(const Args& args, std::int64_t workspace_floats, const at::TensorOptions& options,
                       RangeKernel<Args> kernel) {
    at::Tensor workspace = at::empty({at::get_num_threads(), workspace_floats}, options);
    float* const base = workspace.mutable_data_ptr<float>();
    at::parallel_for(0, args.forward.shape.pairs(), 1, [&](std::int64_t first, std::int64_t last) {
        Args mine = args;
        mine.workspace = base + at::get_thread_num() * workspace_floats;
        kernel(mine, first, last);
    });
}

// One token is little work: at least four pairs a thread.
template <class Args>
void runDecodeKernel(const Args& args, RangeKernel<Args> kernel) {
    at::parallel_for(0, args.shape.pairs(), 4,
                     [&](std::int64_t first, std::int64_t last) { kernel(args, first, last); });
}

}  // namespace fm
