// The C interface: checks arguments, cuts the workspaces and launches the kernels in order.
#include "kernels/cuda/gdn.h"

#include "kernels/cuda/gdn_kernels.h"
#include "kernels/cuda/gdn_tensor_map.h"

namespace fm::kernels::cuda::gdn {
namespace {

bool isBuilt(const FmGdnShape& shape) {
    return shape.batch > 0 && shape.batch < 65536 && shape.tokens > 0 && shape.heads > 0 && shape.value_heads > 0 &&
           shape.value_heads < 65536 && shape.value_heads % shape.heads == 0 &&
           (shape.head_dim == 64 || shape.head_dim == 128);
}

GdnSizes sizesOf(const FmGdnShape& shape, const std::int32_t* lengths_B) {
    return {shape.batch, shape.tokens, shape.heads, shape.value_heads, (shape.tokens + kChunk - 1) / kChunk,
            shape.scale, lengths_B};
}

std::size_t chunkCount(const FmGdnShape& shape) {
    return static_cast<std::size_t>(shape.batch) * shape.value_heads * ((shape.tokens + kChunk - 1) / kChunk);
}

// Hands out 256-byte aligned parts of a workspace; with a null base it only counts.
class Carver {
public:
    explicit Carver(void* base) : base_(static_cast<unsigned char*>(base)) {}
    template <typename T>
    T* take(std::size_t count) {
        T* result = base_ == nullptr ? nullptr : reinterpret_cast<T*>(base_ + used_);
        used_ += (count * sizeof(T) + 255) / 256 * 256;
        return result;
    }
    std::size_t used() const { return used_; }

private:
    unsigned char* base_;
    std::size_t used_ = 0;
};

ChunkArrays carveChunks(const FmGdnShape& shape, Carver& carver) {
    ChunkArrays chunks;
    chunks.gates_N = carver.take<Gates>(chunkCount(shape));
    chunks.solve_NCC = carver.take<Bf16>(chunkCount(shape) * kChunk * kChunk);
    return chunks;
}

std::size_t stateFragments(const FmGdnShape& shape) {
    return chunkCount(shape) * shape.head_dim * shape.head_dim * sizeof(Bf16) / sizeof(Fragment);
}

// `saved` begins with the chunk arrays, as the forward workspace does.
SavedArrays carveSaved(const FmGdnShape& shape, Carver& carver) {
    SavedArrays saved;
    saved.new_values_NCd = carver.take<Bf16>(chunkCount(shape) * kChunk * shape.head_dim);
    saved.states_N = carver.take<Fragment>(stateFragments(shape));
    return saved;
}

struct BackwardArrays {
    Fragment* dstates_N;
    Bf16* dq_BTHd;  // of each value head; null if each query head has one
    Bf16* dk_BTHd;
};

BackwardArrays carveBackward(const FmGdnShape& shape, Carver& carver) {
    BackwardArrays arrays = {carver.take<Fragment>(stateFragments(shape)), nullptr, nullptr};
    if (shape.value_heads == shape.heads) return arrays;
    const std::size_t elements =
        static_cast<std::size_t>(shape.batch) * shape.tokens * shape.value_heads * shape.head_dim;
    arrays.dq_BTHd = carver.take<Bf16>(elements);
    arrays.dk_BTHd = carver.take<Bf16>(elements);
    return arrays;
}

bool hasInputs(const FmGdnForward& args) {
    return args.q_BTHd != nullptr && args.k_BTHd != nullptr && args.v_BTHd != nullptr && args.g_BTH != nullptr &&
           args.beta_BTH != nullptr;
}

bool isComplete(const FmGdnBackward& args) {
    return isBuilt(args.forward.shape) && hasInputs(args.forward) && args.forward.saved != nullptr &&
           args.do_BTHd != nullptr && args.dq_BTHd != nullptr && args.dk_BTHd != nullptr && args.dv_BTHd != nullptr &&
           args.dg_BTH != nullptr && args.dbeta_BTH != nullptr && args.workspace != nullptr;
}

const Bf16* bf16(const void* tensor) { return static_cast<const Bf16*>(tensor); }
Bf16* bf16(void* tensor) { return static_cast<Bf16*>(tensor); }

// Maps of q, k and of a tensor of value heads.
cudaError_t describeInputs(const FmGdnForward& args, const void* values_BTHd, CUtensorMap (&maps)[3]) {
    const FmGdnShape& s = args.shape;
    cudaError_t error = describeTensor(args.q_BTHd, s.batch, s.tokens, s.heads, s.head_dim, maps[0]);
    if (error != cudaSuccess) return error;
    error = describeTensor(args.k_BTHd, s.batch, s.tokens, s.heads, s.head_dim, maps[1]);
    if (error != cudaSuccess) return error;
    return describeTensor(values_BTHd, s.batch, s.tokens, s.value_heads, s.head_dim, maps[2]);
}

template <int dim>
cudaError_t forward(const FmGdnForward& args) {
    Carver carver(args.saved != nullptr ? args.saved : args.workspace);
    const GdnSizes sizes = sizesOf(args.shape, args.lengths_B);
    const ChunkArrays chunks = carveChunks(args.shape, carver);
    ForwardScanArgs scan = {};
    scan.sizes = sizes;
    scan.chunks = chunks;
    scan.initial_state_BHkv = args.initial_state_BHkv;
    scan.o_BTHd = bf16(args.o_BTHd);
    scan.final_state_BHkv = args.final_state_BHkv;
    if (args.saved != nullptr) scan.saved = carveSaved(args.shape, carver);
    CUtensorMap maps[3];
    cudaError_t error = describeInputs(args, args.v_BTHd, maps);
    if (error != cudaSuccess) return error;
    scan.q_map = maps[0];
    scan.k_map = maps[1];
    scan.v_map = maps[2];
    error = launchPrepare<dim>({sizes, bf16(args.k_BTHd), args.g_BTH, args.beta_BTH, chunks}, args.stream);
    return error != cudaSuccess ? error : launchForwardScan<dim>(scan, args.stream);
}

template <int dim>
cudaError_t scanBackward(const FmGdnBackward& args, const GdnSizes& sizes, const ChunkArrays& chunks,
                         Fragment* dstates_N) {
    BackwardScanArgs scan = {};
    scan.sizes = sizes;
    scan.chunks = chunks;
    scan.dfinal_state_BHkv = args.dfinal_state_BHkv;
    scan.dv_BTHd = bf16(args.dv_BTHd);
    scan.dinitial_state_BHkv = args.dinitial_state_BHkv;
    scan.dstates_N = dstates_N;
    CUtensorMap maps[3];
    const cudaError_t error = describeInputs(args.forward, args.do_BTHd, maps);
    if (error != cudaSuccess) return error;
    scan.q_map = maps[0];
    scan.k_map = maps[1];
    scan.do_map = maps[2];
    return launchBackwardScan<dim>(scan, args.forward.stream);
}

template <int dim>
cudaError_t backward(const FmGdnBackward& args) {
    const FmGdnShape& shape = args.forward.shape;
    const cudaStream_t stream = args.forward.stream;
    Carver saved_carver(args.forward.saved);
    Carver carver(args.workspace);
    const BackwardArrays arrays = carveBackward(shape, carver);
    GradientArgs gradients = {};
    gradients.sizes = sizesOf(shape, args.forward.lengths_B);
    gradients.q_BTHd = bf16(args.forward.q_BTHd);
    gradients.k_BTHd = bf16(args.forward.k_BTHd);
    gradients.do_BTHd = bf16(args.do_BTHd);
    gradients.dv_BTHd = bf16(args.dv_BTHd);
    gradients.chunks = carveChunks(shape, saved_carver);
    gradients.saved = carveSaved(shape, saved_carver);
    gradients.dstates_N = arrays.dstates_N;
    const bool grouped = arrays.dq_BTHd != nullptr;
    Bf16* dq = bf16(args.dq_BTHd);
    Bf16* dk = bf16(args.dk_BTHd);
    gradients.dq_BTHd = grouped ? arrays.dq_BTHd : dq;
    gradients.dk_BTHd = grouped ? arrays.dk_BTHd : dk;
    gradients.dg_BTH = args.dg_BTH;
    gradients.dbeta_BTH = args.dbeta_BTH;
    cudaError_t error = scanBackward<dim>(args, gradients.sizes, gradients.chunks, arrays.dstates_N);
    if (error != cudaSuccess) return error;
    error = launchGradients<dim>(gradients, stream);
    if (error != cudaSuccess || !grouped) return error;
    const std::int64_t rows = static_cast<std::int64_t>(shape.batch) * shape.tokens * shape.heads;
    return launchGroupSum({rows, shape.value_heads / shape.heads, dim, {arrays.dq_BTHd, arrays.dk_BTHd}, {dq, dk}},
                          stream);
}

}  // namespace
}  // namespace fm::kernels::cuda::gdn

using namespace fm::kernels::cuda::gdn;

std::size_t fm_gdn_forward_workspace_bytes(const FmGdnShape* shape) {
    if (!isBuilt(*shape)) return 0;
    Carver carver(nullptr);
    carveChunks(*shape, carver);
    return carver.used();
}

std::size_t fm_gdn_saved_bytes(const FmGdnShape* shape) {
    if (!isBuilt(*shape)) return 0;
    Carver carver(nullptr);
    carveChunks(*shape, carver);
    carveSaved(*shape, carver);
    return carver.used();
}

std::size_t fm_gdn_backward_workspace_bytes(const FmGdnShape* shape) {
    if (!isBuilt(*shape)) return 0;
    Carver carver(nullptr);
    carveBackward(*shape, carver);
    return carver.used();
}

cudaError_t fm_gdn_forward(const FmGdnForward* args) {
    if (!isBuilt(args->shape) || !hasInputs(*args) || args->o_BTHd == nullptr ||
        (args->saved == nullptr && args->workspace == nullptr)) {
        return cudaErrorInvalidValue;
    }
    return args->shape.head_dim == 64 ? forward<64>(*args) : forward<128>(*args);
}

cudaError_t fm_gdn_backward(const FmGdnBackward* args) {
    if (!isComplete(*args)) return cudaErrorInvalidValue;
    return args->forward.shape.head_dim == 64 ? backward<64>(*args) : backward<128>(*args);
}
