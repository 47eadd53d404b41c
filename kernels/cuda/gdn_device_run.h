// Runs the GDN kernels on problems held by the host, for the check program.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/cpu/kernel_problem.h"
#include "kernels/cuda/gdn.h"

namespace fm::kernels {

struct GdnCase {
    std::int32_t batch;
    std::int32_t tokens;
    std::int32_t heads;  // of q and k
    std::int32_t value_heads;
    std::int32_t head_dim;
    bool with_states;
    std::vector<std::int32_t> lengths_B;  // empty: all tokens count
    bool correlated_keys = false;         // cosines near 0.9 and beta near 0.9
    float mean_gate = 3;                  // see kernel_problem.h
    bool extreme_gates = false;           // some tokens with beta 0, some that forget everything
};

// The problem with q, k [B,T,H,d] repeated for each value head, all that the GPU takes as bf16 rounded to it, and NaN
// in every input beyond the lengths.
KernelProblem makeGdnProblem(const GdnCase& gdn_case);

KernelOutputs<float> runGdnOnDevice(const GdnCase& gdn_case, const KernelProblem& problem);
// float64; dq and dk are summed over the value heads of a query head.
KernelOutputs<double> runGdnReference(const GdnCase& gdn_case, const KernelProblem& problem);

// Memory of the device, freed at the end. Every byte is 0xff, a NaN in bf16 and fp32, until something is written.
class DeviceBytes {
public:
    explicit DeviceBytes(std::size_t bytes);
    ~DeviceBytes();
    DeviceBytes(const DeviceBytes&) = delete;
    DeviceBytes& operator=(const DeviceBytes&) = delete;
    void* data() const { return data_; }
    float* floats() const { return static_cast<float*>(data_); }
    std::size_t size() const { return size_; }

private:
    void* data_ = nullptr;
    std::size_t size_;
};

std::vector<float> downloadFloats(const DeviceBytes& from);
std::vector<float> downloadBf16(const DeviceBytes& from);

// All tensors of one call; forward and backward are filled in and ready.
struct GdnDeviceTensors {
    explicit GdnDeviceTensors(const FmGdnShape& shape);
    DeviceBytes q, k, v, o, d_o, dq, dk, dv, g, beta, dg, dbeta, saved, workspace, backward_workspace;
    FmGdnForward forward = {};
    FmGdnBackward backward = {};
};

// The first row of each group: [.., H, group, d] to [.., H, d].
std::vector<float> firstOfGroups(const std::vector<float>& values, std::int64_t dim, std::int64_t group);

std::uint16_t roundToBf16(float x);  // nearest, ties to even
float fromBf16(std::uint16_t x);
void requireCuda(cudaError_t error, const char* what);  // prints and exits with 2 on an error

}  // namespace fm::kernels
