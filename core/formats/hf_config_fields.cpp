#include "core/formats/hf_config_fields.h"

namespace fm {

void HfFields::fail(const char* key, const std::string& what) const {
    failFormat(path_, "key " + quoted(inside_.empty() ? key : inside_ + "." + key), what);
}

const nlohmann::json* HfFields::find(const char* key) const {
    const auto found = json_.find(key);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
}

const nlohmann::json& HfFields::require(const char* key) const {
    const nlohmann::json* found = find(key);
    if (found == nullptr) fail(key, "is missing");
    return *found;
}

HfFields HfFields::object(const char* key) const {
    const nlohmann::json& value = require(key);
    if (!value.is_object()) fail(key, "must be an object");
    return HfFields(value, path_, inside_.empty() ? key : inside_ + "." + key);
}

std::int64_t HfFields::asInteger(const char* key, const nlohmann::json& value) const {
    if (!value.is_number_integer()) fail(key, "must be an integer");
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) {
        fail(key, "is an integer beyond 63 bits");
    }
    return value.get<std::int64_t>();
}

std::int64_t HfFields::integer(const char* key) const { return asInteger(key, require(key)); }

std::int64_t HfFields::integerOr(const char* key, std::int64_t fallback) const {
    return find(key) == nullptr ? fallback : integer(key);
}

double HfFields::number(const char* key) const {
    const nlohmann::json& value = require(key);
    if (!value.is_number()) fail(key, "must be a number");
    return value.get<double>();
}

double HfFields::numberOr(const char* key, double fallback) const {
    return find(key) == nullptr ? fallback : number(key);
}

bool HfFields::booleanOr(const char* key, bool fallback) const {
    const nlohmann::json* value = find(key);
    if (value == nullptr) return fallback;
    if (!value->is_boolean()) fail(key, "must be true or false");
    return value->get<bool>();
}

std::string HfFields::text(const char* key) const {
    const nlohmann::json& value = require(key);
    if (!value.is_string()) fail(key, "must be a string");
    return value.get<std::string>();
}

std::string HfFields::textOr(const char* key, const std::string& fallback) const {
    return find(key) == nullptr ? fallback : text(key);
}

void HfFields::mustBeFalse(const char* key, const std::string& what) const {
    if (booleanOr(key, false)) fail(key, what);
}

}  // namespace fm
