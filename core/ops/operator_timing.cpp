#include "core/ops/operator_timing.h"

#include <ATen/ATen.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <chrono>

#include "core/base/assert.h"
#include "core/ops/operator_problem.h"
#include "core/ops/operator_table.h"

namespace fm {

namespace {

constexpr int kRepeats = 9;
constexpr int kWarmUps = 2;

void waitFor(at::Device device) {
    if (!device.is_cpu()) c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
}

template <class Work>
double medianMs(at::Device device, const Work& work) {
    std::vector<double> times_ms;
    for (int repeat = -kWarmUps; repeat < kRepeats; ++repeat) {
        waitFor(device);
        const auto begin = std::chrono::steady_clock::now();
        work();
        waitFor(device);
        const std::chrono::duration<double, std::milli> passed = std::chrono::steady_clock::now() - begin;
        if (repeat >= 0) times_ms.push_back(passed.count());
    }
    std::sort(times_ms.begin(), times_ms.end());
    return times_ms[times_ms.size() / 2];
}

RecurrenceInputs onDevice(const RecurrenceInputs& in, at::Device device) {
    RecurrenceInputs out = in;
    for (at::Tensor* x : {&out.q_BTHk, &out.k_BTHk, &out.v_BTHv}) *x = x->to(device, at::kFloat);
    for (at::Tensor& control : out.controls) control = control.to(device, at::kFloat);
    return out;
}

const RecurrenceKind& kindNamed(const std::string& name) {
    const auto& kinds = recurrenceKinds();
    const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const auto* kind) { return name == kind->name; });
    FM_ASSERT(found != kinds.end(), "the recurrence is one of the table");
    return **found;
}

}  // namespace

std::vector<OperatorTiming> timeOperator(const std::string& name, const std::string& implementation, at::Device device,
                                         const OperatorShape& shape) {
    const RecurrenceKind& kind = kindNamed(name);
    const Recurrence recurrence(name, implementation);
    const OperatorProblem problem = randomProblem(kind, shape.batch, shape.tokens, shape.heads, shape.dim);
    const RecurrenceInputs in = onDevice(problem.inputs, device);
    const at::Tensor do_BTHv = problem.do_BTHv.to(device, at::kFloat);
    const std::string path = recurrence.path(in.k_BTHk, in.v_BTHv);
    std::vector<OperatorTiming> timings;
    const auto add = [&](const char* pass, std::int64_t tokens, double ms) {
        timings.push_back(
            {name, path, pass, shape, ms, ms * 1e3 / static_cast<double>(shape.batch * tokens * shape.heads)});
    };
    add("forward", shape.tokens, medianMs(device, [&] { recurrence.forward(in); }));
    at::Tensor saved;
    add("forward saved", shape.tokens, medianMs(device, [&] { recurrence.forwardSaved(in, saved); }));
    add("backward", shape.tokens, medianMs(device, [&] { recurrence.backward(in, saved, do_BTHv); }));
    const RecurrenceInputs token = onDevice(randomProblem(kind, shape.batch, 1, shape.heads, shape.dim).inputs, device);
    at::Tensor state_BHkv = at::zeros({shape.batch, shape.heads, shape.dim, shape.dim}, in.v_BTHv.options());
    add("decode", 1, medianMs(device, [&] { recurrence.decode(token, state_BHkv); }));
    return timings;
}

std::vector<OperatorTiming> timeOperators(at::Device device) {
    const std::vector<OperatorShape> shapes =
        device.is_cpu() ? std::vector<OperatorShape>{{1, 1024, 9, 64}}
                        : std::vector<OperatorShape>{{4, 2048, 9, 64}, {8, 4096, 16, 64}, {8, 4096, 16, 128}};
    std::vector<OperatorTiming> timings;
    for (const RecurrenceKind* kind : recurrenceKinds()) {
        for (const OperatorShape& shape : shapes) {
            for (const char* implementation : {"", "chunked"}) {
                const std::vector<OperatorTiming> some = timeOperator(kind->name, implementation, device, shape);
                timings.insert(timings.end(), some.begin(), some.end());
            }
        }
    }
    return timings;
}

}  // namespace fm
