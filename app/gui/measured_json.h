// The engine's answers to plan/measure, and its notifications on the way there, as measurements.
#pragma once

#include <optional>

#include <nlohmann/json_fwd.hpp>

#include "widgets/state/measured_plans.h"

namespace fm {

// What `flashmorph probe --json` prints, of a part or of the whole. Nothing when a figure is missing.
std::optional<MeasuredPlan> measuredFrom(const nlohmann::json& json);
// Tasks and lengths as the answer names them: until a run file says with which settings they were drawn.
ProbeDesign designFrom(const nlohmann::json& json);
// Parameters of plan/measure that measure `subject` on the probe of `design`.
nlohmann::json measureParams(const ProbeSubject& subject, const ProbeDesign& design);

}  // namespace fm
