// How safetensors and GGUF name element types.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/formats/tensor_view.h"

namespace fm {

// nullopt: a type we do not read (F8_E4M3, U32, ...). toString(DType) is the inverse.
std::optional<DType> dtypeFromSafetensors(std::string_view name);

// nullopt: a type we do not read (Q4_K, IQ2_XS, ...).
std::optional<DType> dtypeFromGgml(std::uint32_t type_id);

// For sentences: "Q4_K", or "type 77" for ids that nobody has assigned.
std::string ggmlTypeName(std::uint32_t type_id);

}  // namespace fm
