// What a checkpoint is, and whether every tensor in it is accounted for.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace fm {

// {"path", "format", "content_hash", "config", "tensors", "tokenizer", "problems"}. Throws FormatError, WorldError.
nlohmann::json inspectReport(const std::string& path);

}  // namespace fm
