// The correctness half of `flashmorph bench kernels --check`: what proves the kernels on a machine without the tests.
#include <ATen/ATen.h>

#include <algorithm>

#include "app/cli/bench_kernels.h"
#include "app/cli/recurrence_case.h"
#include "kernels/cpu/kernel_path.h"

namespace fm::cli {

namespace {

using kernels::KernelPath;

constexpr KernelPath kPaths[] = {KernelPath::Scalar, KernelPath::Avx2, KernelPath::Avx512};
constexpr std::int64_t kLengths[] = {1, 63, 64, 65, 193};
constexpr std::int64_t kHeads = 2;
// fp32 rounding (6e-8) over 193 steps of a contracting recurrence; a wrong term shows as 1e-2 or more.
constexpr double kAllowedForward = 2e-6;
constexpr double kAllowedBackward = 1e-5;

double relativeError(const at::Tensor& got, const at::Tensor& expected_f64) {
    if (!at::isfinite(got).all().item<bool>()) return std::numeric_limits<double>::infinity();
    const double size = expected_f64.norm().item<double>();
    const double distance = (got.to(at::kDouble) - expected_f64).norm().item<double>();
    return size > 0 ? distance / size : distance;
}

at::Tensor leaf_f64(const at::Tensor& x) { return x.to(at::kDouble).requires_grad_(true); }

struct Errors {
    double forward = 0;
    double backward = 0;
};

void worsen(double& worst, const at::Tensor& got, const at::Tensor& expected_f64) {
    worst = std::max(worst, relativeError(got, expected_f64));
}

Errors gdnErrors(const CaseShape& shape) {
    const GdnInputs inputs = gdnCase(shape, 11);
    const at::Tensor do_BTHv = outputGradient_BTHv(shape, 12);
    GdnInputs exact = inputs;
    for (at::Tensor* x : {&exact.q_BTHk, &exact.k_BTHk, &exact.v_BTHv, &exact.g_BTH, &exact.beta_BTH})
        *x = leaf_f64(*x);
    const at::Tensor exact_BTHv = gdnRecurrence(exact);
    exact_BTHv.backward(do_BTHv.to(at::kDouble));

    Errors errors;
    GdnSaved saved;
    worsen(errors.forward, gdnForwardSaved(inputs, saved), exact_BTHv.detach());
    const GdnGradients gradients = gdnBackward(saved, do_BTHv);
    worsen(errors.backward, gradients.dq_BTHk, exact.q_BTHk.grad());
    worsen(errors.backward, gradients.dk_BTHk, exact.k_BTHk.grad());
    worsen(errors.backward, gradients.dv_BTHv, exact.v_BTHv.grad());
    worsen(errors.backward, gradients.dg_BTH, exact.g_BTH.grad());
    worsen(errors.backward, gradients.dbeta_BTH, exact.beta_BTH.grad());
    return errors;
}

Errors lightningErrors(const CaseShape& shape) {
    const LightningInputs inputs = lightningCase(shape, 13);
    const at::Tensor do_BTHv = outputGradient_BTHv(shape, 14);
    LightningInputs exact = inputs;
    for (at::Tensor* x : {&exact.q_BTHk, &exact.k_BTHk, &exact.v_BTHv}) *x = leaf_f64(*x);
    exact.log_decay_H = inputs.log_decay_H.to(at::kDouble);
    const at::Tensor exact_BTHv = lightningRecurrence(exact);
    exact_BTHv.backward(do_BTHv.to(at::kDouble));

    Errors errors;
    worsen(errors.forward, lightningRecurrence(inputs), exact_BTHv.detach());
    const LightningGradients gradients = lightningBackward(inputs, do_BTHv);
    worsen(errors.backward, gradients.dq_BTHk, exact.q_BTHk.grad());
    worsen(errors.backward, gradients.dk_BTHk, exact.k_BTHk.grad());
    worsen(errors.backward, gradients.dv_BTHv, exact.v_BTHv.grad());
    return errors;
}

void addErrors(const std::string& kernel, const std::string& path, Errors (*measure)(const CaseShape&),
               std::int64_t dim, std::vector<KernelError>& out) {
    Errors worst;
    for (const std::int64_t tokens : kLengths) {
        const Errors errors = measure({tokens, kHeads, dim});
        worst.forward = std::max(worst.forward, errors.forward);
        worst.backward = std::max(worst.backward, errors.backward);
    }
    out.push_back({kernel + "_forward", path, worst.forward, kAllowedForward});
    out.push_back({kernel + "_backward", path, worst.backward, kAllowedBackward});
}

}  // namespace

std::vector<KernelError> checkKernels(const KernelBenchSpec& spec) {
    std::vector<KernelError> errors;
    const KernelPath before = kernels::kernelPath();
    for (const KernelPath path : kPaths) {
        if (!kernels::setKernelPath(path)) continue;
        addErrors("gdn", kernels::toString(path), gdnErrors, spec.dim, errors);
        addErrors("lightning", kernels::toString(path), lightningErrors, spec.dim, errors);
    }
    kernels::setKernelPath(before);
    return errors;
}

}  // namespace fm::cli
