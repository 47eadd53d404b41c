#include "core/ops/lightning.h"

#include <ATen/ATen.h>

#include "core/base/assert.h"
#include "core/ops/recurrence_register.h"

namespace fm {

namespace {

void checkLightningControls(const RecurrenceInputs& in) {
    FM_ASSERT(in.controls.size() == 1 && in.controls[0].dim() == 1 && in.controls[0].size(0) == in.q_BTHk.size(2),
              "Lightning has one control, a decay for every head");
}

// From no decay to one that keeps about two tokens.
std::vector<at::Tensor> fixedLightningControls(const at::Tensor& k_BTHk, double, at::Generator&) {
    const std::int64_t heads = k_BTHk.size(2);
    return {at::arange(heads, at::kDouble) * (-0.5 / static_cast<double>(heads))};
}

}  // namespace

const RecurrenceKind& lightningKind() {
    static const RecurrenceKind kind = {"lightning",
                                        {},
                                        checkLightningControls,
                                        fixedLightningControls,
                                        lightningCpuKernels(),
                                        lightningChunkedKernels(),
                                        lightningReferenceKernels()};
    return kind;
}

TORCH_LIBRARY_FRAGMENT(flashmorph, library) { registerRecurrence(library, lightningKind()); }

const Recurrence& lightningRecurrence() {
    static const Recurrence recurrence(lightningKind().name);
    return recurrence;
}

}  // namespace fm
