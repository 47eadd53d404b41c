#include "tests/rpc/protocol_schema.h"

#include <algorithm>
#include <fstream>

namespace fm::testing {

namespace {

using Json = nlohmann::json;

bool isListOf(const Json& value, bool (*test)(const Json&)) {
    return value.is_array() && std::all_of(value.begin(), value.end(), test);
}

bool hasType(const Json& value, const std::string& type) {
    if (type == "any") return true;
    if (type == "text") return value.is_string();
    if (type == "integer") return value.is_number_integer();
    // Numbers that are not finite travel as words (core/base/json_number.h).
    if (type == "number") return value.is_number() || value == "nan" || value == "inf" || value == "-inf";
    if (type == "boolean") return value.is_boolean();
    if (type == "object") return value.is_object();
    if (type == "list") return value.is_array();
    if (type == "texts") return isListOf(value, [](const Json& entry) { return entry.is_string(); });
    if (type == "integers") return isListOf(value, [](const Json& entry) { return entry.is_number_integer(); });
    if (type == "numbers") return isListOf(value, [](const Json& entry) { return entry.is_number(); });
    return false;
}

void checkValue(const Json& field, const Json& value, const std::string& path, std::vector<std::string>& problems,
                std::set<std::string>* seen) {
    if (value.is_null() && field.value("nullable", false)) return;
    if (!hasType(value, field["type"].get<std::string>())) {
        problems.push_back(path + " is not of type " + field["type"].get<std::string>() + ": " +
                           value.dump().substr(0, 80));
        return;
    }
    const auto inside = [&](const Json& fields, const Json& values) {
        for (std::string& problem : schemaProblems(fields, values, path, seen)) problems.push_back(std::move(problem));
    };
    if (field.contains("fields")) inside(field["fields"], value);
    if (field.contains("items"))
        for (const Json& entry : value) inside(field["items"], entry);
    if (field.contains("values"))
        for (const Json& entry : value) inside(field["values"], entry);
}

}  // namespace

std::vector<std::string> schemaProblems(const Json& fields, const Json& values, const std::string& path,
                                        std::set<std::string>* seen) {
    if (!values.is_object()) return {path + " is not an object"};
    std::vector<std::string> problems;
    for (const auto& [name, field] : fields.items())
        if (!values.contains(name) && !field.value("optional", false))
            problems.push_back(path + "/" + name + " is missing");
    for (const auto& [name, value] : values.items()) {
        const std::string below = path + "/" + name;
        if (!fields.contains(name)) {
            problems.push_back(below + " is not in protocol.json");
            continue;
        }
        if (seen) seen->insert(below);
        checkValue(fields[name], value, below, problems, seen);
    }
    return problems;
}

std::set<std::string> schemaPaths(const Json& fields, const std::string& path) {
    std::set<std::string> paths;
    for (const auto& [name, field] : fields.items()) {
        const std::string below = path + "/" + name;
        paths.insert(below);
        for (const char* key : {"fields", "items", "values"})
            if (field.contains(key)) paths.merge(schemaPaths(field[key], below));
    }
    return paths;
}

Json readProtocol() {
    std::ifstream file(std::string(FM_SOURCE_DIR) + "/resources/protocol/protocol.json");
    return Json::parse(file);
}

}  // namespace fm::testing
