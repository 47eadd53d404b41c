#include "core/ops/gdn.h"

#include <ATen/ATen.h>

#include "core/base/assert.h"
#include "core/ops/recurrence_register.h"

namespace fm {

namespace {

void checkGdnControls(const RecurrenceInputs& in) {
    FM_ASSERT(in.controls.size() == 2, "GDN has two controls, g and beta");
    for (const at::Tensor& control : in.controls)
        FM_ASSERT(control.sizes() == in.q_BTHk.sizes().slice(0, 3), "g and beta are BTH");
}

std::vector<at::Tensor> randomGdnControls(const at::Tensor& k_BTHk, double mean_gate, at::Generator& generator) {
    const auto normal_BTH = [&] { return at::randn(k_BTHk.sizes().slice(0, 3), generator, at::kDouble); };
    const at::Tensor g_BTH = at::log_sigmoid(normal_BTH() + mean_gate);
    return {g_BTH, at::sigmoid(normal_BTH())};
}

}  // namespace

const RecurrenceKind& gdnKind() {
    static const RecurrenceKind kind = {"gdn",           {"g", "beta"},       checkGdnControls,     randomGdnControls,
                                        gdnCpuKernels(), gdnChunkedKernels(), gdnReferenceKernels()};
    return kind;
}

TORCH_LIBRARY_FRAGMENT(flashmorph, library) { registerRecurrence(library, gdnKind()); }

const Recurrence& gdnRecurrence() {
    static const Recurrence recurrence(gdnKind().name);
    return recurrence;
}

}  // namespace fm
