// Visitors behind field_list.h. The work per value type is in field_list.cpp; only the loop over fields is a template.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/field_list.h"

namespace fm {

namespace field_list {

using Json = nlohmann::json;

Json toJson(bool value);
Json toJson(int value);
Json toJson(std::int64_t value);
Json toJson(double value);
Json toJson(const std::string& value);
Json toJson(const std::vector<int>& values);
Json toJson(const std::vector<double>& values);
Json toJson(const std::vector<std::string>& values);

// Assigns and returns true, or leaves `value` alone and returns false.
bool fromJson(const Json& json, const FieldInfo& info, bool& value);
bool fromJson(const Json& json, const FieldInfo& info, int& value);
bool fromJson(const Json& json, const FieldInfo& info, std::int64_t& value);
bool fromJson(const Json& json, const FieldInfo& info, double& value);
bool fromJson(const Json& json, const FieldInfo& info, std::string& value);
bool fromJson(const Json& json, const FieldInfo& info, std::vector<int>& value);
bool fromJson(const Json& json, const FieldInfo& info, std::vector<double>& value);
bool fromJson(const Json& json, const FieldInfo& info, std::vector<std::string>& value);

// "an integer from 0 to 30", "true or false", "one of: teacher, mixed", "a list of numbers, each at least 0".
std::string allowedText(const FieldInfo& info, const bool&);
std::string allowedText(const FieldInfo& info, const int&);
std::string allowedText(const FieldInfo& info, const std::int64_t&);
std::string allowedText(const FieldInfo& info, const double&);
std::string allowedText(const FieldInfo& info, const std::string&);
std::string allowedText(const FieldInfo& info, const std::vector<int>&);
std::string allowedText(const FieldInfo& info, const std::vector<double>&);
std::string allowedText(const FieldInfo& info, const std::vector<std::string>&);

// The given value as it appears in a problem, cut to a readable length.
std::string shownValue(const Json& json);

// One problem per key of `json` that is not in `names`; one problem if it is no object at all.
void checkKeys(const Json& json, const std::vector<std::string>& names, const std::string& prefix,
               std::vector<Problem>& problems);

}  // namespace field_list

template <class Spec>
nlohmann::json specToJson(const Spec& spec) {
    nlohmann::json json = nlohmann::json::object();
    Spec::forEachField(spec,
                       [&](const auto& value, const FieldInfo& info) { json[info.name] = field_list::toJson(value); });
    return json;
}

template <class Spec>
std::vector<Problem> specFromJson(const nlohmann::json& json, Spec& spec, const std::string& prefix) {
    std::vector<Problem> problems;
    std::vector<std::string> names;
    Spec::forEachField(spec, [&](auto& value, const FieldInfo& info) {
        names.push_back(info.name);
        if (!json.is_object() || !json.contains(info.name)) return;  // the default stays
        const nlohmann::json& given = json.at(info.name);
        if (!field_list::fromJson(given, info, value))
            problems.push_back(
                {prefix + info.name, field_list::shownValue(given), field_list::allowedText(info, value)});
    });
    field_list::checkKeys(json, names, prefix, problems);
    return problems;
}

}  // namespace fm
