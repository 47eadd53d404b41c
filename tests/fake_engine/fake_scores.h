// What a probe that nobody ran says of a plan, as plan/measure tells it.
#pragma once

#include <cstdint>

#include <nlohmann/json.hpp>

#include "core/plan/plan.h"

namespace fm::fake {

// Two tasks and text, dealt out in turn.
inline constexpr std::int64_t kPlannedSequences = 36;

// After the first `sequences` of the design. Needs three or more.
nlohmann::json fakeScores(const Plan& plan, std::int64_t sequences);

}  // namespace fm::fake
