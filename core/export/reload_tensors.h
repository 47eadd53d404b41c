// The tensors of an exported folder, held against what its config.json asks for, and read one at a time.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "core/export/reload_config.h"
#include "core/formats/safetensors.h"

namespace fm {

class ReloadTensors {
public:
    enum class Cast { AsStored, ToBf16 };  // ToBf16: like a reader that has one dtype for everything
    // Throws FormatError or WorldError when model.safetensors is damaged or absent.
    ReloadTensors(const std::string& folder, Cast cast);

    // One sentence per missing, unused, misshaped or mistyped tensor.
    std::vector<std::string> problems(const ReloadConfig& config) const;
    at::Tensor take(const std::string& name) const;  // float64; only when problems() is empty
    bool stores(const std::string& name) const { return file_.find(name) != nullptr; }
    std::size_t count() const { return file_.tensors().size(); }
    std::string lowestPrecision() const;  // "F32", "F16" or "BF16"

private:
    std::string path_;
    Cast cast_;
    SafetensorsFile file_;
};

}  // namespace fm
