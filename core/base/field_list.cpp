#include "core/base/field_list.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <type_traits>

#include "core/base/joined.h"
#include "core/base/json_number.h"
#include "core/base/utf8.h"

namespace fm::field_list {

Json toJson(bool value) { return value; }
Json toJson(int value) { return value; }
Json toJson(std::int64_t value) { return value; }
Json toJson(double value) { return numberToJson(value); }
Json toJson(const std::string& value) { return value; }
Json toJson(const std::vector<int>& values) { return values; }
Json toJson(const std::vector<std::string>& values) { return values; }
Json toJson(const std::vector<double>& values) {
    Json list = Json::array();
    for (double value : values) list.push_back(numberToJson(value));
    return list;
}

// Negated, so that NaN is out of range.
static bool outOfRange(double value, const FieldInfo& info) { return !(value >= info.min && value <= info.max); }

// Whole numbers may be written as 2e7; beyond 2^53 a double no longer names one integer.
static std::optional<std::int64_t> wholeNumber(const Json& json) {
    if (json.is_number_unsigned()) {
        const std::uint64_t value = json.get<std::uint64_t>();
        if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
        return static_cast<std::int64_t>(value);
    }
    if (json.is_number_integer()) return json.get<std::int64_t>();
    if (!json.is_number_float()) return std::nullopt;
    const double value = json.get<double>();
    if (!(std::fabs(value) <= 9007199254740992.0) || value != std::floor(value)) return std::nullopt;
    return static_cast<std::int64_t>(value);
}

bool fromJson(const Json& json, const FieldInfo&, bool& value) {
    if (!json.is_boolean()) return false;
    value = json.get<bool>();
    return true;
}

bool fromJson(const Json& json, const FieldInfo& info, std::int64_t& value) {
    const std::optional<std::int64_t> given = wholeNumber(json);
    if (!given || outOfRange(static_cast<double>(*given), info)) return false;
    value = *given;
    return true;
}

bool fromJson(const Json& json, const FieldInfo& info, int& value) {
    std::int64_t wide = 0;
    if (!fromJson(json, info, wide)) return false;
    if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max()) return false;
    value = static_cast<int>(wide);
    return true;
}

bool fromJson(const Json& json, const FieldInfo& info, double& value) {
    const std::optional<double> given = numberFromJson(json);
    if (!given || outOfRange(*given, info)) return false;
    value = *given;
    return true;
}

bool fromJson(const Json& json, const FieldInfo& info, std::string& value) {
    if (!json.is_string()) return false;
    std::string given = json.get<std::string>();
    if (!isPlainText(given)) return false;
    if (!info.choices.empty() && std::find(info.choices.begin(), info.choices.end(), given) == info.choices.end())
        return false;
    value = std::move(given);
    return true;
}

template <class Value>
static bool listFromJson(const Json& json, const FieldInfo& info, std::vector<Value>& values) {
    if (!json.is_array()) return false;
    std::vector<Value> given(json.size());
    for (std::size_t i = 0; i < given.size(); ++i)
        if (!fromJson(json[i], info, given[i])) return false;
    values = std::move(given);
    return true;
}

bool fromJson(const Json& json, const FieldInfo& info, std::vector<int>& v) { return listFromJson(json, info, v); }
bool fromJson(const Json& json, const FieldInfo& info, std::vector<double>& v) { return listFromJson(json, info, v); }
bool fromJson(const Json& json, const FieldInfo& info, std::vector<std::string>& v) {
    return listFromJson(json, info, v);
}

static std::string shortNumber(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.15g", value);
    return text;
}

static std::string rangeText(const FieldInfo& info) {
    std::string text;
    const bool low = std::isfinite(info.min);
    const bool high = std::isfinite(info.max);
    if (low && high) text = " from " + shortNumber(info.min) + " to " + shortNumber(info.max);
    if (low && !high) text = " of at least " + shortNumber(info.min);
    if (!low && high) text = " of at most " + shortNumber(info.max);
    if (info.unit && *info.unit) text += std::string(" (") + info.unit + ")";
    return text;
}

static std::string wordText(const FieldInfo& info, const char* any, const char* chosen) {
    return info.choices.empty() ? any : chosen + joinedWords(info.choices);
}

std::string allowedText(const FieldInfo&, const bool&) { return "true or false"; }
std::string allowedText(const FieldInfo& info, const int&) { return "an integer" + rangeText(info); }
std::string allowedText(const FieldInfo& info, const std::int64_t&) { return "an integer" + rangeText(info); }
std::string allowedText(const FieldInfo& info, const double&) { return "a number" + rangeText(info); }
std::string allowedText(const FieldInfo& info, const std::string&) {
    return wordText(info, "a text (UTF-8 without zero bytes)", "one of: ");
}
std::string allowedText(const FieldInfo& info, const std::vector<int>&) {
    return "a list of integers" + rangeText(info);
}
std::string allowedText(const FieldInfo& info, const std::vector<double>&) {
    return "a list of numbers" + rangeText(info);
}
std::string allowedText(const FieldInfo& info, const std::vector<std::string>&) {
    return wordText(info, "a list of texts", "a list of words out of: ");
}

std::string shownValue(const Json& json) {
    constexpr std::size_t readable = 60;
    // dump() recurses as deep as the value goes, and the value may be hostile.
    for (const Json& entry : json)
        if (json.is_structured() && entry.is_structured()) return json.is_array() ? "a nested list" : "a nested object";
    std::string text = json.dump(-1, ' ', true, Json::error_handler_t::replace);  // ASCII: safe to cut anywhere
    if (text.size() > readable) text = text.substr(0, readable) + "...";
    return text;
}

void checkKeys(const Json& json, const std::vector<std::string>& names, const std::string& prefix,
               std::vector<Problem>& problems) {
    if (!json.is_object()) {
        problems.push_back(
            {prefix.empty() ? "spec" : prefix, shownValue(json), "an object with these keys: " + joinedWords(names)});
        return;
    }
    for (const auto& [key, value] : json.items())
        if (std::find(names.begin(), names.end(), key) == names.end())
            problems.push_back({prefix + key, shownValue(value), "one of these keys: " + joinedWords(names)});
}

}  // namespace fm::field_list
