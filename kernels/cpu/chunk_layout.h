// How the tokens of a sequence are cut and where the scratch matrices of a chunk lie. Shared by the size functions and
// all paths, so that both always agree.
#pragma once

#include <cstdint>

#include "kernels/cpu/gdn.h"

namespace fm::kernels {

inline constexpr std::int64_t kChunk = 16;    // tokens handled as one block of small matrix products
inline constexpr std::int64_t kSegment = 32;  // tokens between two stored states; 2 chunks
inline constexpr std::int64_t kMaxHeadDim = 256;

// What the callers of the kernels promise; checked by assert at the entry points.
bool isValidShape(const LinearShape& shape);
bool isValidRange(const LinearShape& shape, std::int64_t first_pair, std::int64_t last_pair);
bool areLengthsValid(const LinearShape& shape, const std::int32_t* lengths_B);  // null: all tokens count

// Checkpoints of one (sequence, head) pair: ceil(T / kSegment) states [dk][dv], then the new values u [T][dv].
std::int64_t checkpointStateFloats(std::int64_t tokens, std::int64_t dk, std::int64_t dv);
std::int64_t checkpointPairFloats(std::int64_t tokens, std::int64_t dk, std::int64_t dv);

// Scratch of one backward call. Suffix = dimensions; C is kChunk, k and v are dk and dv rounded up to 16. States are
// kept transposed (value-major): then every product with a state has the state as its right operand.
struct ChunkWorkspace {
    float* state_vk[2];    // state entering each chunk of the segment
    float* dstate_vk;      // gradient of the state leaving the chunk
    float* qk_2Ck;         // rows of q, then of k
    float* k_kC;           // k transposed
    float* k_suffix_Ck;    // k, each row times the decay from it to the end of the chunk
    float* qk_prefix_2Ck;  // scale * q, then -beta * k, each row times the decay from the start of the chunk to it
    float* v_Cv;
    float* u_Cv;  // new values
    float* u_vC;
    float* dodb_2Cv;  // rows of dO, then the gradient of u, solved in place to dB
    float* du_vC;
    float* dq_reader_2Ck;  // dq, then the part of dk that comes from reading the state
    float* dk_Ck;
};

// Fills workspace with places after base, aligned to 64 bytes.
void carveChunkWorkspace(float* base, std::int64_t dk, std::int64_t dv, ChunkWorkspace& workspace);
std::int64_t chunkWorkspaceFloats(std::int64_t dk, std::int64_t dv);

}  // namespace fm::kernels
