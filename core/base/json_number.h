// Doubles in JSON without loss: JSON has no NaN and no infinity, so these travel as "nan", "inf" and "-inf".
#pragma once

#include <optional>

#include <nlohmann/json_fwd.hpp>

namespace fm {

nlohmann::json numberToJson(double value);
// A JSON number or one of the three words; nullopt for anything else.
std::optional<double> numberFromJson(const nlohmann::json& json);

}  // namespace fm
