// Between tensors and the plain bytes of safetensors files.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "core/formats/safetensors.h"

namespace fm {

// `tensor` must be contiguous, on the CPU, and outlive the entry.
TensorToWrite describeTensor(const std::string& name, const at::Tensor& tensor);

// A CPU tensor of its own, in the file's dtype. Quantised types are not for this: FormatError.
at::Tensor tensorFromView(const TensorView& view, const std::string& path);

}  // namespace fm
