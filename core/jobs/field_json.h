// A spec's field list as JSON, for whoever makes forms from it.
//   {"name": "budget", "type": "integer", "unit": "layers", "help": "...", "min": 0, "max": 4096, "choices": [],
//    "takes_effect": "next step", "default": 4}      min and max are null where there is no bound
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/field_list.h"

namespace fm {

template <class T>
constexpr const char* fieldType() {
    if constexpr (std::is_same_v<T, bool>) return "flag";
    if constexpr (std::is_integral_v<T>) return "integer";
    if constexpr (std::is_floating_point_v<T>) return "number";
    if constexpr (std::is_same_v<T, std::string>) return "text";
    if constexpr (std::is_same_v<T, std::vector<int>>) return "integers";
    if constexpr (std::is_same_v<T, std::vector<double>>) return "numbers";
    return "texts";
}

// Written by hand, so that an infinite bound becomes null.
inline nlohmann::json boundJson(double bound) {
    return std::isfinite(bound) ? nlohmann::json(bound) : nlohmann::json();
}

template <class Spec>
nlohmann::json fieldsJson(const Spec& defaults) {
    nlohmann::json fields = nlohmann::json::array();
    Spec::forEachField(defaults, [&fields](const auto& value, const FieldInfo& info) {
        fields.push_back({{"name", info.name},
                          {"type", fieldType<std::remove_cvref_t<decltype(value)>>()},
                          {"unit", info.unit},
                          {"help", info.help},
                          {"min", boundJson(info.min)},
                          {"max", boundJson(info.max)},
                          {"choices", info.choices},
                          {"takes_effect", info.takes_effect},
                          {"default", field_list::toJson(value)}});
    });
    return fields;
}

}  // namespace fm
