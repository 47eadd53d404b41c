// A value inside tokenizer.json that knows its place, so that every complaint names it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

namespace fm {

// A view: the document and the path string must outlive it.
class JsonField {
public:
    JsonField(const nlohmann::json& value, std::string key, const std::string& path)
        : value_(value), key_(std::move(key)), path_(path) {}

    const std::string& key() const { return key_; }
    const nlohmann::json& value() const { return value_; }
    bool isNull() const { return value_.is_null(); }
    bool isText(const char* text) const { return value_.is_string() && value_.get_ref<const std::string&>() == text; }

    JsonField member(const char* name) const;  // null when absent; fails unless this is an object
    JsonField element(std::size_t i) const;    // fails unless this is an array; i < size()
    std::size_t size() const { return value_.size(); }

    const std::string& text() const;
    bool flag(bool when_absent) const;
    std::int64_t integer() const;  // fails outside int64
    const nlohmann::json& array() const;
    const nlohmann::json& object() const;

    [[noreturn]] void fail(const std::string& what) const;

private:
    const nlohmann::json& value_;
    std::string key_;
    const std::string& path_;
};

}  // namespace fm
