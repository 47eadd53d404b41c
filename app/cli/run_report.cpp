#include "app/cli/run_report.h"

#include <nlohmann/json.hpp>

#include "core/base/json_number.h"
#include "core/store/jsonl_events.h"
#include "core/store/writer_lock.h"

namespace fm::cli {

namespace {

void apply(const RunEvent& event, RunReport& report) {
    if (const auto* opened = std::get_if<RunOpened>(&event.body)) {
        report.header = *opened;
        report.rows.assign(opened->tables.size(), 0);
        report.last_rows.assign(opened->tables.size(), {});
    } else if (const auto* appended = std::get_if<RowAppended>(&event.body)) {
        const std::size_t table = static_cast<std::size_t>(appended->table);
        ++report.rows[table];
        report.last_rows[table] = appended->row;
    } else if (const auto* changed = std::get_if<StateChanged>(&event.body)) {
        report.status = toString(changed->state);
        report.status_text = changed->text;
    }
}

nlohmann::json cellJson(const Cell& cell) {
    if (const auto* number = std::get_if<double>(&cell)) return numberToJson(*number);
    if (const auto* integer = std::get_if<std::int64_t>(&cell)) return *integer;
    if (const auto* text = std::get_if<std::string>(&cell)) return *text;
    nlohmann::json list = nlohmann::json::array();
    for (const float value : std::get<std::vector<float>>(cell)) list.push_back(numberToJson(value));
    return list;
}

nlohmann::json tableJson(const Table& table, std::int64_t rows, const Row& last_row) {
    nlohmann::json columns = nlohmann::json::array();
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const Column& column = table.columns[i];
        columns.push_back({{"path", column.path}, {"unit", column.unit}, {"help", column.help}});
        if (i < last_row.size()) columns.back()["last"] = cellJson(last_row[i]);
    }
    return {{"name", table.name}, {"rows", rows}, {"columns", columns}};
}

}  // namespace

nlohmann::json briefJson(const RunReport& report) {
    return {{"id", report.header.run_id},
            {"job", report.header.job},
            {"status", report.status},
            {"device", report.header.device},
            {"rows", report.rows.empty() ? 0 : report.rows.front()}};
}

nlohmann::json fullJson(const RunReport& report) {
    nlohmann::json json = briefJson(report);
    const nlohmann::json spec = nlohmann::json::parse(report.header.spec_json, nullptr, false);
    json["status_text"] = report.status_text;
    json["software"] = report.header.software;
    json["teacher_hash"] = report.header.teacher_hash;
    json["chat_family"] = report.header.chat_family;
    json["parents"] = report.header.parents;
    json["spec"] = spec.is_discarded() ? nlohmann::json(report.header.spec_json) : spec;
    json["tables"] = nlohmann::json::array();
    for (std::size_t i = 0; i < report.header.tables.size(); ++i) {
        json["tables"].push_back(tableJson(report.header.tables[i], report.rows[i], report.last_rows[i]));
    }
    return json;
}

RunReport readJsonlReport(const std::string& file) {
    RunReport report;
    readJsonlEvents(file, [&report](const RunEvent& event) { apply(event, report); });
    const std::optional<RunState> state = runStateFromString(report.status);
    if (state && !isTerminal(*state) && !hasLiveWriter(file)) report.status = "interrupted";
    return report;
}

}  // namespace fm::cli
