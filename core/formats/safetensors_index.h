// model.safetensors.index.json: which shard holds which tensor.
#pragma once

#include <map>
#include <string>

namespace fm {

// tensor name -> file name without any folder. metadata.total_size is not checked: every shard's size is, byte for
// byte, and some writers count tied weights twice. Throws FormatError.
std::map<std::string, std::string> readSafetensorsIndex(const std::string& path);

}  // namespace fm
