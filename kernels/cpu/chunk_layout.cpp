#include "kernels/cpu/chunk_layout.h"
#include "kernels/cpu/kernel_assert.h"

namespace fm::kernels {
namespace {

constexpr std::int64_t kAlignFloats = 16;

std::int64_t padded(std::int64_t dim) { return (dim + kAlignFloats - 1) / kAlignFloats * kAlignFloats; }

// Hands out places after base; with a null base it only counts.
class Carver {
public:
    explicit Carver(float* base) : base_(base) {}
    float* take(std::int64_t floats) {
        float* place = base_ == nullptr ? nullptr : base_ + used_;
        used_ += floats;
        return place;
    }
    std::int64_t used() const { return used_; }

private:
    float* base_;
    std::int64_t used_ = 0;
};

std::int64_t carve(float* base, std::int64_t dk, std::int64_t dv, ChunkWorkspace& workspace) {
    const std::int64_t key = padded(dk);
    const std::int64_t value = padded(dv);
    Carver carver(base);
    for (float*& state_vk : workspace.state_vk) state_vk = carver.take(key * value);
    workspace.dstate_vk = carver.take(key * value);
    workspace.qk_2Ck = carver.take(2 * kChunk * key);
    workspace.k_kC = carver.take(kChunk * key);
    workspace.k_suffix_Ck = carver.take(kChunk * key);
    workspace.qk_prefix_2Ck = carver.take(2 * kChunk * key);
    workspace.v_Cv = carver.take(kChunk * value);
    workspace.u_Cv = carver.take(kChunk * value);
    workspace.u_vC = carver.take(kChunk * value);
    workspace.dodb_2Cv = carver.take(2 * kChunk * value);
    workspace.du_vC = carver.take(kChunk * value);
    workspace.dq_reader_2Ck = carver.take(2 * kChunk * key);
    workspace.dk_Ck = carver.take(kChunk * key);
    return carver.used();
}

}  // namespace

bool isValidShape(const LinearShape& shape) {
    return shape.batch >= 0 && shape.tokens >= 0 && shape.heads >= 0 && shape.dk >= 1 && shape.dk <= kMaxHeadDim &&
           shape.dv >= 1 && shape.dv <= kMaxHeadDim;
}

bool isValidRange(const LinearShape& shape, std::int64_t first_pair, std::int64_t last_pair) {
    return isValidShape(shape) && first_pair >= 0 && first_pair <= last_pair && last_pair <= shape.pairs();
}

bool areLengthsValid(const LinearShape& shape, const std::int32_t* lengths_B) {
    for (std::int64_t b = 0; lengths_B != nullptr && b < shape.batch; ++b) {
        if (lengths_B[b] < 0 || lengths_B[b] > shape.tokens) return false;
    }
    return true;
}

std::int64_t checkpointStateFloats(std::int64_t tokens, std::int64_t dk, std::int64_t dv) {
    return (tokens + kSegment - 1) / kSegment * dk * dv;
}

std::int64_t checkpointPairFloats(std::int64_t tokens, std::int64_t dk, std::int64_t dv) {
    return checkpointStateFloats(tokens, dk, dv) + tokens * dv;
}

void carveChunkWorkspace(float* base, std::int64_t dk, std::int64_t dv, ChunkWorkspace& workspace) {
    FM_KERNEL_ASSERT(base != nullptr, "the memory to be laid out is there");
    const std::uintptr_t bytes = reinterpret_cast<std::uintptr_t>(base);
    const std::uintptr_t align_bytes = kAlignFloats * sizeof(float);
    const std::uintptr_t skip_bytes = (align_bytes - bytes % align_bytes) % align_bytes;
    carve(base + skip_bytes / sizeof(float), dk, dv, workspace);
}

std::int64_t chunkWorkspaceFloats(std::int64_t dk, std::int64_t dv) {
    ChunkWorkspace workspace;
    return carve(nullptr, dk, dv, workspace) + kAlignFloats;
}

}  // namespace fm::kernels
