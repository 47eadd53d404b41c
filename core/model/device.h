// Where tensors live: the processor, or a GPU through the plug-in flashmorph_cuda.so.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <string>

#include "core/base/memory_use.h"

namespace fm {

// Loads the GPU plug-in. Must be the first thing in main(): LibTorch looks for its GPU half once, at the first random
// seed, backward pass or hasCUDA(), and remembers that there was none. Without an NVIDIA driver nothing is loaded
// (the plug-in costs 350 MB of memory). `path` overrides both the search (beside the program, ../lib) and the look for
// a driver. Returns "" when loaded, else the reason as a sentence fragment ("no NVIDIA driver on this machine").
std::string loadGpuPlugin(const std::string& path = {});

// Makes MKL's first calls of the functions that LibTorch takes from it, on this thread alone: made by several threads
// at once, now and then one of them gets its share to 1e-4 only (pytorch issue 188792). Second thing in main().
void warmVectorMaths();

// Result of loadGpuPlugin(), or that it was not called.
const std::string& gpuPluginReason();

bool gpuAvailable();

// "cpu", "cuda", "cuda:N" or "auto" (a GPU when there is one). Throws InputError naming `field` for anything else and
// for a GPU that is not there, with the reason.
at::Device pickDevice(const std::string& name, const std::string& field = "device");

// "cpu avx512, 2 threads" or the GPU's name.
std::string describeDevice(at::Device device);

// Threads of LibTorch's pool on the CPU; 0 leaves the default. Throws InputError below 0.
void setThreads(int threads);

// What this process holds of the machine's memory; on a GPU what all programs hold of its memory.
MemoryUse memoryInUse(at::Device device);

// Largest resident size of this process so far (VmHWM), bytes; 0 when the system does not tell.
std::int64_t peakMemoryBytes();

// Largest amount of GPU memory LibTorch has held on `device`, bytes; 0 on the CPU.
std::int64_t peakDeviceMemoryBytes(at::Device device);

}  // namespace fm
