#include "core/export/reload_fields.h"

#include <nlohmann/json.hpp>

namespace fm {

std::int64_t sizeOf(const HfFields& fields, const char* key) {
    constexpr std::int64_t kMaxSize = std::int64_t{1} << 31;
    const std::int64_t value = fields.integer(key);
    if (value < 1 || value > kMaxSize) fields.fail(key, "must be from 1 to 2^31");
    return value;
}

void mustBe(const HfFields& fields, const char* key, const nlohmann::json& expected) {
    const nlohmann::json* found = fields.find(key);
    const bool equal = found == nullptr ? expected.is_null() : *found == expected;
    if (!equal) fields.fail(key, "must be " + expected.dump() + " in an export that can be checked");
}

}  // namespace fm
