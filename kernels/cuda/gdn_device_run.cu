#include "kernels/cuda/gdn_device_run.h"

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

namespace fm::kernels {
namespace {

using Floats = std::vector<float>;

void roundAll(Floats& values) {
    for (float& x : values) x = fromBf16(roundToBf16(x));
}

// Rows [0, count) of `dim` values: each becomes 0.95 shared + 0.3 own, of unit length.
void correlateRows(Floats& rows, std::int64_t dim) {
    const Floats shared(rows.begin(), rows.begin() + dim);
    for (std::size_t first = 0; first < rows.size(); first += dim) {
        float norm2 = 0;
        for (std::int64_t i = 0; i < dim; ++i) {
            rows[first + i] = 0.95F * shared[i] + 0.3F * rows[first + i];
            norm2 += rows[first + i] * rows[first + i];
        }
        for (std::int64_t i = 0; i < dim; ++i) rows[first + i] /= std::sqrt(norm2);
    }
}

// Gives the value heads of a group the row of its first one.
void shareWithinGroups(Floats& values_BTHd, std::int64_t dim, std::int64_t group) {
    for (std::size_t row = 0; row < values_BTHd.size() / dim; ++row) {
        const std::size_t first = row / group * group;
        for (std::int64_t i = 0; i < dim; ++i) values_BTHd[row * dim + i] = values_BTHd[first * dim + i];
    }
}

void poisonBeyondLengths(KernelProblem& problem) {
    const LinearShape& shape = problem.shape;
    const auto poison = [&](Floats& values, std::int64_t dim) {
        for (std::int64_t b = 0; b < shape.batch; ++b) {
            const std::int64_t row = shape.heads * dim;
            for (std::int64_t i = (b * shape.tokens + problem.lengths_B[b]) * row; i < (b + 1) * shape.tokens * row;
                 ++i)
                values[i] = std::numeric_limits<float>::quiet_NaN();
        }
    };
    for (Floats* values : {&problem.q_BTHk, &problem.k_BTHk, &problem.v_BTHv, &problem.do_BTHv}) {
        poison(*values, shape.dk);
    }
    poison(problem.g_BTH, 1);
    poison(problem.beta_BTH, 1);
}

std::vector<double> sumOfGroups(const std::vector<double>& values, std::int64_t dim, std::int64_t group) {
    std::vector<double> result(values.size() / group, 0.0);
    for (std::size_t i = 0; i < values.size(); ++i) {
        result[i / dim / group * dim + i % dim] += values[i];
    }
    return result;
}

void upload(const DeviceBytes& to, const void* from, std::size_t bytes) {
    requireCuda(cudaMemcpy(to.data(), from, bytes, cudaMemcpyHostToDevice), "copy to the device");
}

void uploadBf16(const DeviceBytes& to, const Floats& from) {
    std::vector<std::uint16_t> rounded;
    for (float x : from) rounded.push_back(roundToBf16(x));
    upload(to, rounded.data(), rounded.size() * 2);
}

FmGdnShape shapeOf(const GdnCase& c, float scale) {
    return {c.batch, c.tokens, c.heads, c.value_heads, c.head_dim, scale};
}

std::size_t rowsOf(const FmGdnShape& shape, std::int32_t heads) {
    return static_cast<std::size_t>(shape.batch) * shape.tokens * heads;
}

}  // namespace

std::uint16_t roundToBf16(float x) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    if (std::isnan(x)) return static_cast<std::uint16_t>(bits >> 16 | 0x40);
    return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float fromBf16(std::uint16_t x) { return std::bit_cast<float>(static_cast<std::uint32_t>(x) << 16); }

void requireCuda(cudaError_t error, const char* what) {
    if (error == cudaSuccess) return;
    std::fprintf(stderr, "%s: %s\n", what, cudaGetErrorString(error));
    std::exit(2);
}

Floats firstOfGroups(const Floats& values, std::int64_t dim, std::int64_t group) {
    Floats result;
    for (std::size_t first = 0; first < values.size(); first += dim * group) {
        result.insert(result.end(), values.begin() + first, values.begin() + first + dim);
    }
    return result;
}

Floats downloadFloats(const DeviceBytes& from) {
    Floats result(from.size() / 4);
    requireCuda(cudaMemcpy(result.data(), from.data(), from.size(), cudaMemcpyDeviceToHost), "copy to the host");
    return result;
}

Floats downloadBf16(const DeviceBytes& from) {
    std::vector<std::uint16_t> raw(from.size() / 2);
    requireCuda(cudaMemcpy(raw.data(), from.data(), from.size(), cudaMemcpyDeviceToHost), "copy to the host");
    Floats result;
    for (std::uint16_t x : raw) result.push_back(fromBf16(x));
    return result;
}

DeviceBytes::DeviceBytes(std::size_t bytes) : size_(bytes) {
    if (bytes == 0) return;
    requireCuda(cudaMalloc(&data_, bytes), "cudaMalloc");
    requireCuda(cudaMemset(data_, 0xff, bytes), "cudaMemset");
}

DeviceBytes::~DeviceBytes() { cudaFree(data_); }

GdnDeviceTensors::GdnDeviceTensors(const FmGdnShape& shape)
    : q(rowsOf(shape, shape.heads) * shape.head_dim * 2),
      k(q.size()),
      v(rowsOf(shape, shape.value_heads) * shape.head_dim * 2),
      o(v.size()),
      d_o(v.size()),
      dq(q.size()),
      dk(q.size()),
      dv(v.size()),
      g(rowsOf(shape, shape.value_heads) * 4),
      beta(g.size()),
      dg(g.size()),
      dbeta(g.size()),
      saved(fm_gdn_saved_bytes(&shape)),
      workspace(fm_gdn_forward_workspace_bytes(&shape)),
      backward_workspace(fm_gdn_backward_workspace_bytes(&shape)) {
    forward.shape = shape;
    forward.q_BTHd = q.data();
    forward.k_BTHd = k.data();
    forward.v_BTHd = v.data();
    forward.g_BTH = g.floats();
    forward.beta_BTH = beta.floats();
    forward.o_BTHd = o.data();
    forward.saved = saved.data();
    forward.workspace = workspace.data();
    backward.forward = forward;
    backward.do_BTHd = d_o.data();
    backward.dq_BTHd = dq.data();
    backward.dk_BTHd = dk.data();
    backward.dv_BTHd = dv.data();
    backward.dg_BTH = dg.floats();
    backward.dbeta_BTH = dbeta.floats();
    backward.workspace = backward_workspace.data();
}

KernelProblem makeGdnProblem(const GdnCase& c) {
    ProblemOptions options;
    options.with_states = c.with_states;
    options.mean_gate = c.mean_gate;
    options.seed = static_cast<std::uint64_t>(c.tokens * 1000 + c.head_dim + c.value_heads + (c.with_states ? 7 : 0));
    KernelProblem problem = makeKernelProblem(c.batch, c.tokens, c.value_heads, c.head_dim, c.head_dim, options);
    if (c.correlated_keys) {
        correlateRows(problem.k_BTHk, c.head_dim);
        for (float& beta : problem.beta_BTH) beta = 0.85F + 0.1F * beta;
    }
    for (std::size_t i = 0; c.extreme_gates && i < problem.g_BTH.size(); ++i) {
        if (i % 7 == 0) problem.beta_BTH[i] = 0;
        if (i % 11 == 0) problem.g_BTH[i] = -200;
    }
    for (Floats* keys : {&problem.q_BTHk, &problem.k_BTHk}) {
        shareWithinGroups(*keys, c.head_dim, c.value_heads / c.heads);
        roundAll(*keys);
    }
    roundAll(problem.v_BTHv);
    roundAll(problem.do_BTHv);
    problem.lengths_B = c.lengths_B;
    if (!c.lengths_B.empty()) poisonBeyondLengths(problem);
    return problem;
}

KernelOutputs<float> runGdnOnDevice(const GdnCase& c, const KernelProblem& problem) {
    GdnDeviceTensors tensors(shapeOf(c, problem.shape.scale));
    const std::int64_t group = c.value_heads / c.heads;
    uploadBf16(tensors.q, firstOfGroups(problem.q_BTHk, c.head_dim, group));
    uploadBf16(tensors.k, firstOfGroups(problem.k_BTHk, c.head_dim, group));
    uploadBf16(tensors.v, problem.v_BTHv);
    uploadBf16(tensors.d_o, problem.do_BTHv);
    upload(tensors.g, problem.g_BTH.data(), tensors.g.size());
    upload(tensors.beta, problem.beta_BTH.data(), tensors.beta.size());
    const DeviceBytes lengths(c.lengths_B.size() * 4);
    const std::size_t state_bytes = static_cast<std::size_t>(c.batch) * c.value_heads * c.head_dim * c.head_dim * 4;
    const DeviceBytes initial(state_bytes), final_state(state_bytes), dfinal(state_bytes), dinitial(state_bytes);
    if (!c.lengths_B.empty()) {
        upload(lengths, c.lengths_B.data(), lengths.size());
        tensors.forward.lengths_B = static_cast<const std::int32_t*>(lengths.data());
    }
    if (c.with_states) {
        upload(initial, problem.initial_state_BHkv.data(), state_bytes);
        upload(dfinal, problem.dfinal_state_BHkv.data(), state_bytes);
        tensors.forward.initial_state_BHkv = initial.floats();
        tensors.backward.dfinal_state_BHkv = dfinal.floats();
    }
    tensors.forward.final_state_BHkv = final_state.floats();
    tensors.backward.dinitial_state_BHkv = dinitial.floats();
    tensors.backward.forward = tensors.forward;
    requireCuda(fm_gdn_forward(&tensors.forward), "fm_gdn_forward");
    requireCuda(fm_gdn_backward(&tensors.backward), "fm_gdn_backward");
    requireCuda(cudaDeviceSynchronize(), "GDN kernels");
    return {downloadBf16(tensors.o),       downloadFloats(final_state), downloadBf16(tensors.dq),
            downloadBf16(tensors.dk),      downloadBf16(tensors.dv),    downloadFloats(tensors.dg),
            downloadFloats(tensors.dbeta), downloadFloats(dinitial)};
}

KernelOutputs<double> runGdnReference(const GdnCase& c, const KernelProblem& problem) {
    KernelOutputs<double> result = runGdnRef(problem);
    result.dq = sumOfGroups(result.dq, c.head_dim, c.value_heads / c.heads);
    result.dk = sumOfGroups(result.dk, c.head_dim, c.value_heads / c.heads);
    return result;
}

}  // namespace fm::kernels
