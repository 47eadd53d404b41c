#include "app/cli/spec_options.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <sstream>

namespace fm::cli {

namespace {

template <class Number>
bool parseWhole(const std::string& text, Number& number) {
    const char* const end = text.data() + text.size();
    const std::from_chars_result result = std::from_chars(text.data(), end, number);
    return result.ec == std::errc() && result.ptr == end && !text.empty();
}

nlohmann::json numberFromText(const std::string& text) {
    std::int64_t integer = 0;
    if (parseWhole(text, integer)) return integer;
    double real = 0;
    if (parseWhole(text, real)) return real;
    return text;
}

std::vector<std::string> splitAtCommas(const std::string& text) {
    std::vector<std::string> parts;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
    if (!text.empty() && text.back() == ',') parts.emplace_back();
    return parts;
}

}  // namespace

std::string optionName(const std::string& field_name) {
    std::string name = field_name;
    std::replace(name.begin(), name.end(), '_', '-');
    return name;
}

std::string optionHelp(const FieldInfo& info, const std::string& allowed, const nlohmann::json& default_value) {
    std::string help = info.help;
    if (*info.unit) help += " [" + std::string(info.unit) + "]";
    help += "; " + allowed;
    return help + "; default " + default_value.dump();
}

nlohmann::json jsonFromText(FieldKind kind, const std::string& text) {
    switch (kind) {
        case FieldKind::Number:
            return numberFromText(text);
        case FieldKind::NumberList:
        case FieldKind::TextList: {
            nlohmann::json list = nlohmann::json::array();
            for (const std::string& part : splitAtCommas(text)) {
                list.push_back(kind == FieldKind::NumberList ? numberFromText(part) : nlohmann::json(part));
            }
            return list;
        }
        case FieldKind::Flag:
        case FieldKind::Text:
            break;
    }
    return text;
}

void SpecOptionTable::add(CLI::App& verb, FieldKind kind, const FieldInfo& info, const std::string& allowed,
                          const nlohmann::json& default_value) {
    Entry& entry = entries_.emplace_back();
    entry.field = info.name;
    entry.kind = kind;
    const std::string name = optionName(info.name);
    const std::string help = optionHelp(info, allowed, default_value);
    if (kind == FieldKind::Flag) {
        entry.option = verb.add_flag("--" + name + ",!--no-" + name, entry.flag, help);
    } else {
        entry.option = verb.add_option("--" + name, entry.text, help);
    }
}

nlohmann::json SpecOptionTable::given() const {
    nlohmann::json json = nlohmann::json::object();
    for (const Entry& entry : entries_) {
        if (entry.option->count() == 0) continue;
        json[entry.field] =
            entry.kind == FieldKind::Flag ? nlohmann::json(entry.flag) : jsonFromText(entry.kind, entry.text);
    }
    return json;
}

}  // namespace fm::cli
