// Times of the GDN kernels, for the check programs.
#pragma once

#include <algorithm>
#include <vector>

#include "kernels/cuda/gdn_device_run.h"

namespace fm::kernels {

int timeGdn();     // prints medians of the shapes that are quoted
int runGdnOnce();  // each of them once, for profilers

// Fills a device tensor with copies of the host's values, rounded to bf16 or as they are.
void fillBf16(const DeviceBytes& to, const std::vector<float>& from);
void fillFloats(const DeviceBytes& to, const std::vector<float>& from);

// Median of `repeats` runs in milliseconds.
template <typename Run>
double medianMs(cudaStream_t stream, Run run) {
    constexpr int kWarmUps = 3;
    constexpr int kRepeats = 25;
    cudaEvent_t start, stop;
    requireCuda(cudaEventCreate(&start), "cudaEventCreate");
    requireCuda(cudaEventCreate(&stop), "cudaEventCreate");
    std::vector<float> times;
    for (int i = 0; i < kWarmUps + kRepeats; ++i) {
        requireCuda(cudaEventRecord(start, stream), "cudaEventRecord");
        run();
        requireCuda(cudaEventRecord(stop, stream), "cudaEventRecord");
        requireCuda(cudaEventSynchronize(stop), "kernels");
        float ms = 0;
        requireCuda(cudaEventElapsedTime(&ms, start, stop), "cudaEventElapsedTime");
        if (i >= kWarmUps) times.push_back(ms);
    }
    cudaEventDestroy(start);
    cudaEventDestroy(stop);
    std::nth_element(times.begin(), times.begin() + kRepeats / 2, times.end());
    return times[kRepeats / 2];
}

}  // namespace fm::kernels
