// The two kinds of Checkpoint.
#pragma once

#include <memory>
#include <string>

#include "core/formats/checkpoint.h"

namespace fm {

// `path` has a config.json.
std::unique_ptr<Checkpoint> openHfFolder(const std::string& path);
std::unique_ptr<Checkpoint> openGguf(const std::string& path);

// Over the fields of the config that decide the logits and, sorted by name, every tensor's name, type, shape and bytes:
// the same for a sharded and a single-file checkpoint of the same tensors.
std::string hashOfContent(const ModelConfig& config, const std::vector<TensorView>& tensors);

}  // namespace fm
