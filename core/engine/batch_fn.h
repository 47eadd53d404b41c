// Where a job's data comes from: batch i, a pure function of i.
#pragma once

#include <cstdint>
#include <functional>

#include "core/data/sample.h"

namespace fm {

using BatchFn = std::function<Batch(std::int64_t index)>;

}  // namespace fm
