// Descriptions of [B,T,H,d] tensors for the copy engine.
#pragma once

#include <cuda.h>
#include <cuda_runtime_api.h>

namespace fm::kernels::cuda::gdn {

// Boxes of 64 tokens x 64 columns of one head, bf16, laid out as a panel of gdn_tile.cuh. Tokens beyond T come as 0.
cudaError_t describeTensor(const void* tensor_BTHd, int batch, int tokens, int heads, int dim, CUtensorMap& map);

}  // namespace fm::kernels::cuda::gdn
