// A run's spec as a flat list of fields: parsed once per run, then shared by everything that asks for a field.
#pragma once

#include <map>
#include <memory>
#include <string>

namespace fm {

// By name, nested ones as "plan.budget"; values as text, lists joined by ", ".
using SpecFields = std::map<std::string, std::string>;

// Empty when `spec_json` is no JSON object.
SpecFields flatSpec(const std::string& spec_json);

std::shared_ptr<const SpecFields> noSpec();  // never null: for runs whose file nobody has read

std::string specField(const SpecFields& spec, const std::string& name);  // empty when there is none

}  // namespace fm
