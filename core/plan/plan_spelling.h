// Every way in which a plan is written, and the way back. The one owner of these spellings: run files and the protocol
// use keys, specs and options name layers with commas, people read layers with blanks.
#pragma once

#include <string>
#include <string_view>

#include "core/plan/plan.h"

namespace fm {

// The inverse of Plan::key() for what a file holds: 'F' is full, every other letter linear.
Plan planFromKey(std::string_view key);

// The same for what somebody asks for. Throws InputError unless `key` is `num_layers` letters F or L.
Plan parsePlanKey(const std::string& key, int num_layers);

int budgetOfKey(std::string_view key);    // number of full layers
bool isTeacherKey(std::string_view key);  // every layer is full

// "2,5,8" or "none": what PlanChoice::layers takes.
std::string layersOption(const Plan& plan);

// The inverse, which also takes "all". Throws InputError.
Plan planFromLayers(const std::string& layers, int num_layers);

std::string layersText(const Plan& plan);  // "2 5 8", "none", "all": for people

}  // namespace fm
