// How full a device's memory is.
#pragma once

#include <cstdint>

namespace fm {

// Of the device a job computes on; 0 when unknown.
struct MemoryUse {
    std::int64_t used_bytes = 0;
    std::int64_t total_bytes = 0;
};

}  // namespace fm
