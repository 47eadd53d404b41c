// What the readers of exported config.json files ask of single keys; every failure names the key.
#pragma once

#include <cstdint>

#include <nlohmann/json_fwd.hpp>

#include "core/formats/hf_config_fields.h"

namespace fm {

std::int64_t sizeOf(const HfFields& fields, const char* key);  // 1 to 2^31
void mustBe(const HfFields& fields, const char* key, const nlohmann::json& expected);

}  // namespace fm
