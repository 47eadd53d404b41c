// The linear layers of FLA's model classes, as the re-loader understands them: one file a class, one table.
#pragma once

#include <string>
#include <vector>

#include "core/export/reload_fields.h"
#include "core/export/reload_layer.h"

namespace fm {

struct FlaMixer {
    const char* model_type;
    const char* architecture;
    void (*read)(const HfFields&, ReloadConfig&);  // the keys that describe linear layers
    // The tensors of a linear layer, names with this prefix.
    void (*require)(const std::string& at, const ReloadConfig&, std::vector<NamedShape>&);
    at::Tensor (*run)(const ReloadLayer&, const at::Tensor& x_BTD);
};

const FlaMixer* flaMixer(const std::string& model_type);  // null when there is none
std::vector<std::string> flaModelTypes();

}  // namespace fm
