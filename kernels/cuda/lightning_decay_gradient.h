// Gradient of a log-decay per token, after the scans have made dq, dk and <S, dS> at the end of every chunk.
#pragma once

#include "kernels/cuda/lightning.h"

namespace fm::kernels::cuda::lightning {

// state_dots is [B*H, chunks, d/16]; the parts are summed in that order.
cudaError_t launchDecayGradient(const FmLightningBackward& args, const float* state_dots, cudaStream_t stream);

}  // namespace fm::kernels::cuda::lightning
