#include "core/model/device.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>

#include "core/base/error.h"

namespace fm {

namespace {

std::string& storedReason() {
    static std::string reason = "the GPU plug-in was not loaded";
    return reason;
}

std::string pluginBesideProgram() {
    std::error_code error;
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
    if (error) return {};
    const std::filesystem::path folder = program.parent_path();
    for (const std::filesystem::path& candidate : {folder, folder.parent_path() / "lib"}) {
        const std::filesystem::path file = candidate / "flashmorph_cuda.so";
        if (std::filesystem::exists(file, error)) return file.string();
    }
    return {};
}

std::string openPlugin(const std::string& path) {
    if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL)) return {};
    const char* message = dlerror();
    return std::string("the GPU plug-in cannot be loaded: ") + (message ? message : path);
}

// The driver's own name for a GPU: LibTorch's CPU half cannot tell it, and the driver honours CUDA_VISIBLE_DEVICES.
std::string gpuName(int index) {
    void* driver = dlopen("libcuda.so.1", RTLD_LAZY);
    if (!driver) return "GPU " + std::to_string(index);
    using DeviceGet = int (*)(int*, int);
    using DeviceGetName = int (*)(char*, int, int);
    const DeviceGet device_get = reinterpret_cast<DeviceGet>(dlsym(driver, "cuDeviceGet"));
    const DeviceGetName device_get_name = reinterpret_cast<DeviceGetName>(dlsym(driver, "cuDeviceGetName"));
    int device = 0;
    std::array<char, 256> name{};
    const bool known = device_get && device_get_name && device_get(&device, index) == 0 &&
                       device_get_name(name.data(), static_cast<int>(name.size()) - 1, device) == 0;
    return known ? std::string(name.data()) : "GPU " + std::to_string(index);
}

int gpuCount() { return gpuAvailable() ? at::detail::getCUDAHooks().getNumGPUs() : 0; }

}  // namespace

std::string loadGpuPlugin(const std::string& path) {
    std::string& reason = storedReason();
    if (!path.empty()) return reason = openPlugin(path);
    if (!dlopen("libcuda.so.1", RTLD_LAZY)) return reason = "no NVIDIA driver on this machine";
    const std::string found = pluginBesideProgram();
    if (found.empty()) return reason = "this build has no GPU plug-in (flashmorph_cuda.so)";
    return reason = openPlugin(found);
}

void warmVectorMaths() {
    for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
        const at::Tensor half = at::full({64}, 0.5, type);
        for (const auto function :
             {at::exp, at::log, at::cos, at::sin, at::sqrt, at::tanh, at::erf, at::log1p, at::expm1})
            function(half);
    }
}

const std::string& gpuPluginReason() { return storedReason(); }

// Only asked of LibTorch when the plug-in is there: the question itself spoils a later load.
bool gpuAvailable() { return storedReason().empty() && at::hasCUDA() && at::detail::getCUDAHooks().getNumGPUs() > 0; }

at::Device pickDevice(const std::string& name, const std::string& field) {
    if (name == "cpu") return at::kCPU;
    if (name == "auto") return gpuAvailable() ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
    const bool numbered = name.starts_with("cuda:") && name.size() > 5 && name.size() < 9 &&
                          std::all_of(name.begin() + 5, name.end(), [](unsigned char c) { return std::isdigit(c); });
    if (name != "cuda" && !numbered) throw InputError(Problem{field, name, "cpu, cuda, cuda:N or auto"});
    const int index = numbered ? std::stoi(name.substr(5)) : 0;
    const int count = gpuCount();
    if (index < count) return {at::kCUDA, static_cast<at::DeviceIndex>(index)};
    const std::string& reason = storedReason();
    const std::string why = reason.empty() ? std::to_string(count) + " GPUs are visible" : reason;
    throw InputError(Problem{field, name, "cpu or auto here (" + why + ")"});
}

std::string describeDevice(at::Device device) {
    if (device.is_cuda()) return gpuName(device.has_index() ? device.index() : 0);
    std::string capability = at::get_cpu_capability();
    std::transform(capability.begin(), capability.end(), capability.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const int threads = at::get_num_threads();
    return "cpu " + capability + ", " + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
}

void setThreads(int threads) {
    if (threads < 0) throw InputError(Problem{"threads", std::to_string(threads), "0 (all) or more"});
    if (threads > 0) at::set_num_threads(threads);
}

MemoryUse memoryInUse(at::Device device) {
    if (!device.is_cpu()) {
        const auto [free, total] = at::getDeviceAllocator(device.type())->getMemoryInfo(device.index());
        return {static_cast<std::int64_t>(total - free), static_cast<std::int64_t>(total)};
    }
    std::ifstream statm("/proc/self/statm");
    std::int64_t size = 0, resident = 0;
    statm >> size >> resident;
    const std::int64_t page = sysconf(_SC_PAGESIZE);
    return {resident * page, sysconf(_SC_PHYS_PAGES) * page};
}

std::int64_t peakMemoryBytes() {
    std::ifstream status("/proc/self/status");
    std::string word;
    while (status >> word) {
        std::int64_t kilobytes = 0;
        if (word == "VmHWM:" && status >> kilobytes) return kilobytes * 1024;
    }
    return 0;
}

std::int64_t peakDeviceMemoryBytes(at::Device device) {
    if (device.is_cpu()) return 0;
    const auto stats = at::getDeviceAllocator(device.type())->getDeviceStats(device.index());
    return stats.reserved_bytes[0].peak;
}

}  // namespace fm
