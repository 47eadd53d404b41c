#include "core/ops/gla.h"

#include <ATen/ATen.h>

#include "core/base/assert.h"
#include "core/ops/recurrence_register.h"

namespace fm {

namespace {

void checkGlaControls(const RecurrenceInputs& in) {
    FM_ASSERT(in.controls.size() == 1 && in.controls[0].sizes() == in.k_BTHk.sizes(),
              "GLA has one control, g of the shape of k");
}

std::vector<at::Tensor> randomGlaControls(const at::Tensor& k_BTHk, double mean_gate, at::Generator& generator) {
    return {at::log_sigmoid(at::randn(k_BTHk.sizes(), generator, at::kDouble) + mean_gate)};
}

}  // namespace

const RecurrenceKind& glaKind() {
    static const RecurrenceKind kind = {
        "gla", {"g"}, checkGlaControls, randomGlaControls, {}, glaChunkedKernels(), glaReferenceKernels()};
    return kind;
}

TORCH_LIBRARY_FRAGMENT(flashmorph, library) { registerRecurrence(library, glaKind()); }

const Recurrence& glaRecurrence() {
    static const Recurrence recurrence(glaKind().name);
    return recurrence;
}

}  // namespace fm
