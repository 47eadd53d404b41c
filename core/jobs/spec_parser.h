// How a job's spec is read from JSON: every problem at once.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/error.h"

namespace fm {

// Fills the spec and returns every problem, like specFromJson().
template <class Spec>
using SpecParser = std::function<std::vector<Problem>(const nlohmann::json& json, Spec& spec)>;

// Throws InputError with every problem.
template <class Spec>
Spec parseSpec(const nlohmann::json& json, const SpecParser<Spec>& parse) {
    Spec spec;
    std::vector<Problem> problems = parse(json, spec);
    if (!problems.empty()) throw InputError(std::move(problems));
    return spec;
}

}  // namespace fm
