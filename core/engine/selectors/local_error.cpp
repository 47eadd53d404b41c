// Layers whose branch does worst in place of its own layer: e_l = mean over answer rows of || L(x) - F(x) ||^2 with the
// teacher's own inputs x. Sees no other layer.
#include "core/base/error.h"
#include "core/engine/gate_step.h"
#include "core/engine/selectors/selector.h"
#include "core/plan/discretise.h"

namespace fm {

namespace {

// The first batch of a probe that asks something.
const Batch& askingBatch(ProbeSet& probe) {
    for (std::int64_t i = 0; i < probe.numEntries(); ++i) {
        if (!probe.entry(i).rows.answer.empty()) return probe.entry(i).batch;
    }
    throw InputError(
        Problem{"tasks", "", "a probe with answers; local errors are measured where answers are predicted"});
}

}  // namespace

ChosenLayers chooseLocalError(Chooser& chooser, int budget) {
    const SelectInputs& inputs = chooser.inputs();
    const std::vector<double>& value_L = chooser.layerValues("local-error", [&] {
        return localErrors(*inputs.weights, *inputs.branches, askingBatch(chooser.probe()), false);
    });
    return {discretise({value_L, {}, {}}, budget), value_L};
}

}  // namespace fm
