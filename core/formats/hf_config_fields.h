// Typed access to the keys of an HF config.json, shared by its readers.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "core/formats/format_error.h"
#include "core/formats/model_config.h"

namespace fm {

// Every mistake is a FormatError naming the key. A key whose value is null counts as absent, as in transformers.
class HfFields {
public:
    // Both are kept by reference. `inside`: the key of the object that `json` is the value of, "" for the whole file.
    HfFields(const nlohmann::json& json, const std::string& path, std::string inside = {})
        : json_(json), path_(path), inside_(std::move(inside)) {}

    const nlohmann::json* find(const char* key) const;  // nullptr when absent
    HfFields object(const char* key) const;             // must be there

    std::int64_t integer(const char* key) const;
    std::int64_t integerOr(const char* key, std::int64_t fallback) const;
    double number(const char* key) const;
    double numberOr(const char* key, double fallback) const;
    bool booleanOr(const char* key, bool fallback) const;
    std::string text(const char* key) const;
    std::string textOr(const char* key, const std::string& fallback) const;
    std::int64_t asInteger(const char* key, const nlohmann::json& value) const;

    void mustBeFalse(const char* key, const std::string& what) const;
    [[noreturn]] void fail(const char* key, const std::string& what) const;

    const nlohmann::json& json() const { return json_; }

private:
    const nlohmann::json& require(const char* key) const;

    const nlohmann::json& json_;
    const std::string& path_;
    std::string inside_;
};

// rope_theta and rope_scaling, from the old keys, from rope_parameters, or from both where they agree.
void readHfRope(const HfFields& fields, ModelConfig& config);

}  // namespace fm
