// One field of a job's spec as the engine describes it (spec/defaults), and the words for it.
#pragma once

#include <QString>
#include <QStringList>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

namespace fm {

enum class FieldType { Flag, Integer, Number, Text, Integers, Numbers, Texts };

struct FormField {
    QString name;
    FieldType type = FieldType::Text;
    QString unit;  // "" when none
    QString help;  // one sentence in the method's terms
    std::optional<double> min, max;
    QStringList choices;  // the allowed words of a text; empty: any
    QString takes_effect = QStringLiteral("next run");
    nlohmann::json default_value;

    bool isLive() const { return takes_effect != QStringLiteral("next run"); }
    QString label() const;    // "tokens per step"
    QString allowed() const;  // "an integer from 0 to 30"; empty when anything goes
    QString toolTip() const;  // help, unit, range, default, when a change takes effect
};

// The result of spec/defaults. Fields that are no objects with a name are left out: the engine may be newer than we.
std::vector<FormField> formFields(const nlohmann::json& result);

// A value as one line of text, lists with commas; and back. What cannot be read as the field's type stays text, so
// that the engine reports it with all other problems.
QString textOfValue(const nlohmann::json& value);
nlohmann::json valueOfText(const FormField& field, const QString& text);

// "flashmorph --study DIR gates --budget 4": the verb with every field that differs from its default.
QString commandLine(const QString& study, const QString& job, const std::vector<FormField>& fields,
                    const nlohmann::json& spec);

// Values of a preset for a job: "usual" are the defaults, "smoke" runs in seconds. Only fields that the job has.
nlohmann::json presetValues(const QString& preset, const std::vector<FormField>& fields);

}  // namespace fm
