// Logits from an exported folder, by the definition of its format and with nothing of core/model's blocks: float64,
// plain operators, the recurrence token by token. Slow and simple on purpose: it is what exports are held against.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/export/reload_tensors.h"

namespace fm {

// [B, T, V] float64. Layer by layer, so that one layer's weights are in memory at a time. `tensors.problems(config)`
// must be empty and every id below config.vocab.
at::Tensor reloadLogits(const ReloadConfig& config, const ReloadTensors& tensors, const at::Tensor& ids_BT);

}  // namespace fm
