#include "core/run/event_json.h"

#include <limits>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/json_number.h"

namespace fm {

using Json = nlohmann::json;

static constexpr const char* type_names[] = {"run_opened", "row_appended", "state_changed", "progressed", "logged"};
static constexpr const char* cell_type_names[] = {"int64", "float64", "float32_vector", "text"};
static constexpr int largest_width = 1 << 20;

const char* eventType(const EventBody& body) { return type_names[body.index()]; }

static Json columnToJson(const Column& column) {
    return {{"path", column.path},
            {"type", cell_type_names[static_cast<int>(column.type)]},
            {"width", column.width},
            {"unit", column.unit},
            {"help", column.help}};
}

static Json bodyToJson(const RunOpened& opened) {
    Json tables = Json::array();
    for (const Table& table : opened.tables) {
        Json columns = Json::array();
        for (const Column& column : table.columns) columns.push_back(columnToJson(column));
        tables.push_back({{"name", table.name}, {"columns", std::move(columns)}});
    }
    Json json = {{"run_id", opened.run_id},     {"job", opened.job},          {"spec_json", opened.spec_json},
                 {"software", opened.software}, {"device", opened.device},    {"teacher_hash", opened.teacher_hash},
                 {"parents", opened.parents},   {"tables", std::move(tables)}};
    if (!opened.chat_family.empty()) json["chat_family"] = opened.chat_family;
    return json;
}

static Json cellToJson(std::int64_t value) { return value; }
static Json cellToJson(double value) { return numberToJson(value); }
static Json cellToJson(const std::string& value) { return value; }
static Json cellToJson(const std::vector<float>& values) {
    Json list = Json::array();
    for (float value : values) list.push_back(numberToJson(value));
    return list;
}

static Json bodyToJson(const RowAppended& appended) {
    Json row = Json::array();
    for (const Cell& cell : appended.row)
        row.push_back(std::visit([](const auto& value) { return cellToJson(value); }, cell));
    return {{"table", appended.table}, {"row", std::move(row)}};
}

static Json bodyToJson(const StateChanged& changed) {
    return {{"state", toString(changed.state)}, {"text", changed.text}};
}

static Json bodyToJson(const Progressed& progressed) {
    return {{"done", progressed.done},
            {"total", progressed.total},
            {"unit", progressed.unit},
            {"tokens_per_s", numberToJson(progressed.tokens_per_s)},
            {"eta_s", numberToJson(progressed.eta_s)},
            {"memory_bytes", progressed.memory_bytes},
            {"memory_total_bytes", progressed.memory_total_bytes}};
}

static Json bodyToJson(const Logged& logged) {
    return {{"severity", toString(logged.severity)}, {"text", logged.text}};
}

Json eventToJson(const RunEvent& event) {
    return {{"seq", event.seq},
            {"wall_ms", numberToJson(event.wall_ms)},
            {"type", eventType(event.body)},
            {"body", std::visit([](const auto& body) { return bodyToJson(body); }, event.body)}};
}

std::string eventToLine(const RunEvent& event) {
    return eventToJson(event).dump(-1, ' ', false, Json::error_handler_t::replace);
}

static const Json& member(const Json& object, const char* key) {
    if (!object.is_object()) throw FormatError(std::string(key) + ": looked for in something that is no object");
    const auto found = object.find(key);
    if (found == object.end()) throw FormatError(std::string(key) + ": is missing");
    return *found;
}

static std::string text(const Json& object, const char* key) {
    const Json& value = member(object, key);
    if (!value.is_string()) throw FormatError(std::string(key) + ": is not a text");
    return value.get<std::string>();
}

static double number(const Json& object, const char* key) {
    const std::optional<double> value = numberFromJson(member(object, key));
    if (!value) throw FormatError(std::string(key) + ": is not a number");
    return *value;
}

static bool fitsInt64(const Json& value) {
    if (!value.is_number_integer()) return false;
    return !value.is_number_unsigned() ||
           value.get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
}

static std::int64_t integer(const Json& object, const char* key, std::int64_t low, std::int64_t high) {
    const Json& value = member(object, key);
    if (!fitsInt64(value) || value.get<std::int64_t>() < low || value.get<std::int64_t>() > high)
        throw FormatError(std::string(key) + ": is not an integer from " + std::to_string(low) + " to " +
                          std::to_string(high));
    return value.get<std::int64_t>();
}

static const Json& list(const Json& object, const char* key) {
    const Json& value = member(object, key);
    if (!value.is_array()) throw FormatError(std::string(key) + ": is not a list");
    return value;
}

static Column columnFromJson(const Json& json) {
    Column column;
    column.path = text(json, "path");
    column.width = static_cast<int>(integer(json, "width", 1, largest_width));
    column.unit = text(json, "unit");
    column.help = text(json, "help");
    const std::string type = text(json, "type");
    for (int i = 0; i < 4; ++i)
        if (type == cell_type_names[i]) {
            column.type = static_cast<CellType>(i);
            return column;
        }
    throw FormatError("type: unknown column type of " + column.path);
}

static RunOpened openedFromJson(const Json& json) {
    RunOpened opened;
    opened.run_id = text(json, "run_id");
    opened.job = text(json, "job");
    opened.spec_json = text(json, "spec_json");
    opened.software = text(json, "software");
    opened.device = text(json, "device");
    opened.teacher_hash = text(json, "teacher_hash");
    if (json.contains("chat_family")) opened.chat_family = text(json, "chat_family");
    for (const Json& parent : list(json, "parents")) {
        if (!parent.is_string()) throw FormatError("parents: holds something that is not a text");
        opened.parents.push_back(parent.get<std::string>());
    }
    for (const Json& entry : list(json, "tables")) {
        Table table{text(entry, "name"), {}};
        for (const Json& column : list(entry, "columns")) table.columns.push_back(columnFromJson(column));
        opened.tables.push_back(std::move(table));
    }
    return opened;
}

static std::vector<float> vectorFromJson(const Json& json) {
    if (!json.is_array()) throw FormatError("row: a vector cell is not a list");
    std::vector<float> values;
    for (const Json& entry : json) {
        const std::optional<double> value = numberFromJson(entry);
        if (!value) throw FormatError("row: a vector cell holds something that is not a number");
        values.push_back(static_cast<float>(*value));
    }
    return values;
}

static Cell cellFromJson(const Json& json, const Column& column) {
    switch (column.type) {
        case CellType::Int64:
            if (fitsInt64(json)) return json.get<std::int64_t>();
            break;
        case CellType::Float64:
            if (const std::optional<double> value = numberFromJson(json)) return *value;
            break;
        case CellType::Float32Vector:
            return vectorFromJson(json);
        case CellType::Text:
            if (json.is_string()) return json.get<std::string>();
            break;
    }
    throw FormatError("row: the cell of " + column.path + " is not " + cell_type_names[static_cast<int>(column.type)]);
}

static RowAppended rowFromJson(const Json& json, const std::vector<Table>& tables) {
    if (tables.empty()) throw FormatError("table: a row came, but no tables were declared before it");
    RowAppended appended;
    appended.table = static_cast<int>(integer(json, "table", 0, static_cast<std::int64_t>(tables.size()) - 1));
    const Table& table = tables[static_cast<std::size_t>(appended.table)];
    const Json& row = list(json, "row");
    if (row.size() != table.columns.size()) throw FormatError("row: table " + table.name + " has another width");
    for (std::size_t i = 0; i < row.size(); ++i) appended.row.push_back(cellFromJson(row[i], table.columns[i]));
    if (const std::string wrong = rowMismatch(table, appended.row); !wrong.empty()) throw FormatError("row: " + wrong);
    return appended;
}

static StateChanged stateFromJson(const Json& json) {
    const std::optional<RunState> state = runStateFromString(text(json, "state"));
    if (!state) throw FormatError("state: unknown word");
    return {*state, text(json, "text")};
}

static Progressed progressFromJson(const Json& json) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    const auto bytes = [&json](const char* key) {  // lines and engines from before there was this field
        return json.contains(key) ? integer(json, key, 0, most) : 0;
    };
    return {integer(json, "done", 0, most), integer(json, "total", 0, most), text(json, "unit"),
            number(json, "tokens_per_s"),   number(json, "eta_s"),           bytes("memory_bytes"),
            bytes("memory_total_bytes")};
}

static Logged loggedFromJson(const Json& json) {
    const std::optional<Severity> severity = severityFromString(text(json, "severity"));
    if (!severity) throw FormatError("severity: unknown word");
    return {*severity, text(json, "text")};
}

RunEvent EventDecoder::decode(const Json& json) {
    RunEvent event;
    event.seq = static_cast<std::uint64_t>(integer(json, "seq", 0, std::numeric_limits<std::int64_t>::max()));
    event.wall_ms = number(json, "wall_ms");
    const std::string type = text(json, "type");
    const Json& body = member(json, "body");
    if (type == type_names[0]) {
        RunOpened opened = openedFromJson(body);
        tables_ = opened.tables;
        event.body = std::move(opened);
    } else if (type == type_names[1]) {
        event.body = rowFromJson(body, tables_);
    } else if (type == type_names[2]) {
        event.body = stateFromJson(body);
    } else if (type == type_names[3]) {
        event.body = progressFromJson(body);
    } else if (type == type_names[4]) {
        event.body = loggedFromJson(body);
    } else {
        throw FormatError("type: unknown event type");
    }
    return event;
}

RunEvent EventDecoder::decodeLine(std::string_view line) {
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (json.is_discarded()) throw FormatError("line: is not valid JSON");
    return decode(json);
}

}  // namespace fm
