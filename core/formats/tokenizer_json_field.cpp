#include "core/formats/tokenizer_json_field.h"

#include <limits>

#include "core/formats/format_error.h"

namespace fm {

JsonField JsonField::member(const char* name) const {
    static const nlohmann::json kNull;
    const auto found = object().find(name);
    return {found == value_.end() ? kNull : *found, key_.empty() ? name : key_ + "." + name, path_};
}

JsonField JsonField::element(std::size_t i) const {
    return {array().at(i), key_ + "[" + std::to_string(i) + "]", path_};
}

const std::string& JsonField::text() const {
    if (!value_.is_string()) fail("is not a string");
    return value_.get_ref<const std::string&>();
}

bool JsonField::flag(bool when_absent) const {
    if (isNull()) return when_absent;
    if (!value_.is_boolean()) fail("is not true or false");
    return value_.get<bool>();
}

std::int64_t JsonField::integer() const {
    const bool fits =
        value_.is_number_integer() &&
        (!value_.is_number_unsigned() ||
         value_.get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
    if (!fits) fail("is not an integer");
    return value_.get<std::int64_t>();
}

const nlohmann::json& JsonField::array() const {
    if (!value_.is_array()) fail("is not a list");
    return value_;
}

const nlohmann::json& JsonField::object() const {
    if (!value_.is_object()) fail("is not an object");
    return value_;
}

void JsonField::fail(const std::string& what) const { failFormat(path_, key_.empty() ? "the document" : key_, what); }

}  // namespace fm
