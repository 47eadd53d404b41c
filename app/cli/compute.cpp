#include "app/cli/compute.h"

#include "core/model/device.h"

namespace fm::cli {

at::Device prepareCompute(const GlobalOptions& global) {
    setThreads(global.threads);
    return pickDevice(global.device);
}

}  // namespace fm::cli
