// Command-line options made from a spec's field list: one option per field, with its help, unit, range and default.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "core/base/field_list.h"
#include "core/jobs/spec_parser.h"

namespace fm::cli {

enum class FieldKind { Flag, Number, Text, NumberList, TextList };

template <class T>
constexpr FieldKind fieldKind() {
    if constexpr (std::is_same_v<T, bool>) return FieldKind::Flag;
    if constexpr (std::is_arithmetic_v<T>) return FieldKind::Number;
    if constexpr (std::is_same_v<T, std::string>) return FieldKind::Text;
    if constexpr (std::is_same_v<T, std::vector<std::string>>) return FieldKind::TextList;
    return FieldKind::NumberList;
}

// A field "swap_rounds" is the option --swap-rounds; a flag also has --no-<name>; lists are separated by commas.
std::string optionName(const std::string& field_name);

// Help text: sentence, unit, what is allowed, default.
std::string optionHelp(const FieldInfo& info, const std::string& allowed, const nlohmann::json& default_value);

// The text as the JSON value that its field would have in a spec; what is not a number stays text, so that
// specFromJson() reports it together with all other problems.
nlohmann::json jsonFromText(FieldKind kind, const std::string& text);

// Collects what was given as text and checks it all at once, exactly as `flashmorph run SPEC.json` does.
class SpecOptionTable {
public:
    void add(CLI::App& verb, FieldKind kind, const FieldInfo& info, const std::string& allowed,
             const nlohmann::json& default_value);
    nlohmann::json given() const;  // only the fields that were given

private:
    struct Entry {
        std::string field;
        FieldKind kind = FieldKind::Text;
        std::string text;
        bool flag = false;
        CLI::Option* option = nullptr;
    };
    std::deque<Entry> entries_;  // CLI11 keeps pointers to the entries: they must not move
};

// Options of one verb. Must outlive the parsing.
template <class Spec>
class SpecOptions {
public:
    explicit SpecOptions(CLI::App& verb) {
        const Spec defaults;
        Spec::forEachField(defaults, [&](const auto& value, const FieldInfo& info) {
            using Field = std::remove_cvref_t<decltype(value)>;
            table_.add(verb, fieldKind<Field>(), info, field_list::allowedText(info, value), field_list::toJson(value));
        });
    }

    nlohmann::json given() const { return table_.given(); }  // only the fields that were given

    // The defaults changed by what was given. Throws InputError with every problem.
    Spec spec() const {
        return parseSpec<Spec>(given(),
                               [](const nlohmann::json& json, Spec& spec) { return specFromJson(json, spec); });
    }

private:
    SpecOptionTable table_;
};

}  // namespace fm::cli
