// GGUF tensor names -> HF tensor names, for the dense decoders we read.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fm {

// nullopt for a tensor that these decoders do not have.
std::optional<std::string> hfNameOfGguf(std::string_view gguf_name);

}  // namespace fm
