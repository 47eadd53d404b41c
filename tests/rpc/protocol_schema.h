// resources/protocol/protocol.json, and values held against it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace fm::testing {

// What in `values` is not as `fields` say: unknown, missing or of another type; each with its path.
// `seen` collects the path of every field that was there.
std::vector<std::string> schemaProblems(const nlohmann::json& fields, const nlohmann::json& values,
                                        const std::string& path, std::set<std::string>* seen = nullptr);

// Every path that schemaProblems() could see.
std::set<std::string> schemaPaths(const nlohmann::json& fields, const std::string& path);

nlohmann::json readProtocol();  // throws when the file is not JSON

}  // namespace fm::testing
