// One field list per spec: JSON in and out, validation, command-line options and (later) forms are visitors over it.
//
//   struct GatesSpec {
//       int budget = 4;
//       template <class Self, class Visitor> static void forEachField(Self& self, Visitor&& visit) {
//           visit(self.budget, FieldInfo{"budget", "layers", "how many layers keep full attention", 0, 4096});
//       }
//   };
#pragma once

#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/error.h"

namespace fm {

struct FieldInfo {
    const char* name;
    const char* unit;  // "" when none
    const char* help;  // one sentence in the method's terms: help text, tooltip and documentation
    double min = -std::numeric_limits<double>::infinity();
    double max = std::numeric_limits<double>::infinity();
    std::vector<std::string> choices = {};  // for text fields: the allowed words; empty = any text
    const char* takes_effect = "next run";  // "now", "next step" or "next run" when changed during a run
};

template <class Spec>
nlohmann::json specToJson(const Spec& spec);

// Fills `spec` from `json`. Every mistake is collected: unknown keys, wrong types, values out of range (NaN fails
// too). `prefix` is put before each field's name in the problems.
template <class Spec>
std::vector<Problem> specFromJson(const nlohmann::json& json, Spec& spec, const std::string& prefix = {});

}  // namespace fm

#include "core/base/field_list_impl.h"
