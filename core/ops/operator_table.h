// Every recurrence there is, and who implements it on a device.
#pragma once

#include <c10/core/Device.h>

#include "core/ops/recurrence_kind.h"

namespace fm {

const std::vector<const RecurrenceKind*>& recurrenceKinds();

// The names of the implementations that a device has, best first: "avx512" and "chunked", or "sm_90" and "chunked".
// A shape for which the first is not built runs on the next.
std::vector<std::string> implementationsOn(at::Device device);

}  // namespace fm
