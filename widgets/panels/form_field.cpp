#include "widgets/panels/form_field.h"

#include <cmath>

#include "core/base/json_number.h"
#include "widgets/panels/json_text.h"
#include "widgets/panels/panel_parts.h"

namespace fm {

namespace {

using Json = nlohmann::json;

// Infinite limits travel as words or are absent: no limit.
std::optional<double> limitAt(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end()) return std::nullopt;
    const std::optional<double> limit = numberFromJson(*found);
    return limit && std::isfinite(*limit) ? limit : std::nullopt;
}

FieldType typeOf(const QString& word) {
    const std::pair<const char*, FieldType> words[] = {
        {"boolean", FieldType::Flag},    {"flag", FieldType::Flag},  {"integer", FieldType::Integer},
        {"number", FieldType::Number},   {"text", FieldType::Text},  {"integers", FieldType::Integers},
        {"numbers", FieldType::Numbers}, {"texts", FieldType::Texts}};
    for (const auto& [name, type] : words)
        if (word == QLatin1String(name)) return type;
    return FieldType::Text;
}

bool isList(FieldType type) {
    return type == FieldType::Integers || type == FieldType::Numbers || type == FieldType::Texts;
}

QString limitText(double limit) {
    return std::abs(limit) >= 1e7 ? QString::number(limit, 'g', 3) : QString::number(limit, 'g', 12);
}

// A number or, when the text is none, the text itself.
Json scalarOf(FieldType type, const QString& text) {
    bool is_number = false;
    if (type == FieldType::Integer || type == FieldType::Integers) {
        const qlonglong integer = text.toLongLong(&is_number);
        if (is_number) return Json(static_cast<std::int64_t>(integer));
    }
    if (type == FieldType::Number || type == FieldType::Numbers) {
        const double number = text.toDouble(&is_number);
        if (is_number) return Json(number);
    }
    return Json(text.toStdString());
}

}  // namespace

QString FormField::label() const { return QString(name).replace(QChar('_'), QChar(' ')); }

QString FormField::allowed() const {
    if (!choices.isEmpty()) return QObject::tr("one of %1").arg(choices.join(QStringLiteral(", ")));
    if (min && max) return QObject::tr("from %1 to %2").arg(limitText(*min), limitText(*max));
    if (min) return QObject::tr("at least %1").arg(limitText(*min));
    return max ? QObject::tr("at most %1").arg(limitText(*max)) : QString();
}

QString FormField::toolTip() const {
    QStringList lines{help};
    if (isList(type)) lines << QObject::tr("Several values: separated by commas.");
    if (!allowed().isEmpty()) lines << QObject::tr("Allowed: %1").arg(allowed());
    const QString usual = textOfValue(default_value);
    lines << QObject::tr("Usual: %1").arg(usual.isEmpty() ? QObject::tr("none") : usual);
    lines << QObject::tr("A change during a run takes effect: %1").arg(takes_effect);
    return lines.join(QChar('\n'));
}

std::vector<FormField> formFields(const Json& result) {
    std::vector<FormField> fields;
    const auto list = result.find("fields");
    if (!result.is_object() || list == result.end() || !list->is_array()) return fields;
    for (const Json& item : *list) {
        if (!item.is_object() || textAt(item, "name").isEmpty()) continue;
        FormField field;
        field.name = textAt(item, "name");
        field.type = typeOf(textAt(item, "type"));
        field.unit = textAt(item, "unit");
        field.help = textAt(item, "help");
        field.min = limitAt(item, "min");
        field.max = limitAt(item, "max");
        if (const auto choices = item.find("choices"); choices != item.end() && choices->is_array())
            for (const Json& choice : *choices)
                if (choice.is_string()) field.choices << QString::fromStdString(choice.get<std::string>());
        if (const QString effect = textAt(item, "takes_effect"); !effect.isEmpty()) field.takes_effect = effect;
        field.default_value = item.value("default", Json());
        fields.push_back(std::move(field));
    }
    return fields;
}

QString textOfValue(const Json& value) {
    if (value.is_null()) return {};
    if (value.is_string()) return QString::fromStdString(value.get<std::string>());
    if (value.is_boolean()) return value.get<bool>() ? QStringLiteral("on") : QStringLiteral("off");
    if (value.is_number_float()) return QString::number(value.get<double>(), 'g', 12);
    if (!value.is_array()) return QString::fromStdString(value.dump(-1, ' ', false, Json::error_handler_t::replace));
    QStringList items;
    for (const Json& item : value) items << textOfValue(item);
    return items.join(QStringLiteral(", "));
}

Json valueOfText(const FormField& field, const QString& text) {
    if (!isList(field.type))
        return field.type == FieldType::Text ? Json(text.toStdString()) : scalarOf(field.type, text.trimmed());
    Json list = Json::array();
    for (const QString& item : text.split(QChar(','), Qt::SkipEmptyParts))
        if (!item.trimmed().isEmpty()) list.push_back(scalarOf(field.type, item.trimmed()));
    return list;
}

QString commandLine(const QString& study, const QString& job, const std::vector<FormField>& fields, const Json& spec) {
    QStringList words{QStringLiteral("flashmorph")};
    if (!study.isEmpty()) words << QStringLiteral("--study") << shellQuoted(study);
    words << job;
    for (const FormField& field : fields) {
        const auto value = spec.find(field.name.toStdString());
        if (value == spec.end() || *value == field.default_value) continue;
        QString option = field.name;
        option.replace(QChar('_'), QChar('-'));
        if (field.type == FieldType::Flag && value->is_boolean()) {
            words << (value->get<bool>() ? QStringLiteral("--") : QStringLiteral("--no-")) + option;
            continue;
        }
        words << QStringLiteral("--") + option;
        words << shellQuoted(textOfValue(*value).replace(QStringLiteral(", "), QStringLiteral(",")));
    }
    return words.join(QChar(' '));
}

Json presetValues(const QString& preset, const std::vector<FormField>& fields) {
    static const std::pair<const char*, std::int64_t> smoke[] = {{"steps", 8},
                                                                 {"tokens_per_step", 2048},
                                                                 {"sequences", 2},
                                                                 {"probe_sequences", 2},
                                                                 {"samples", 2},
                                                                 {"depths", 3},
                                                                 {"eval_every", 4},
                                                                 {"checkpoint_every", 8},
                                                                 {"random_plans", 3},
                                                                 {"warm_up", 2},
                                                                 {"exhaustive_limit", 50}};
    Json values = Json::object();
    for (const FormField& field : fields) {
        values[field.name.toStdString()] = field.default_value;
        if (preset != QStringLiteral("smoke")) continue;
        for (const auto& [name, value] : smoke)
            if (field.name == QLatin1String(name)) values[name] = value;
    }
    return values;
}

}  // namespace fm
