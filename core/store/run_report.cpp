#include "core/store/run_report.h"

#include <nlohmann/json.hpp>

#include "core/base/json_number.h"

namespace fm {

namespace {

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

RunReport reportOf(const RecordedRun& run) {
    RunReport report;
    report.header = run.header();
    report.status = run.interrupted() ? "interrupted" : toString(run.state());
    const int num_tables = static_cast<int>(report.header.tables.size());
    const int states = num_tables + 1;  // as tablesWithEvents() has them
    if (const std::int64_t count = run.countRows(states); count > 0)
        report.status_text = std::get<std::string>(run.readRows(states, count - 1, 1).at(0).at(3));
    for (int table = 0; table < num_tables; ++table) {
        report.rows.push_back(run.countRows(table));
        std::vector<Row> last = run.readRows(table, report.rows.back() - 1, 1);
        report.last_rows.push_back(report.rows.back() == 0 ? Row{} : std::move(last.at(0)));
    }
    return report;
}

RunReport readRunFile(const std::string& file) { return reportOf(*openRecordedRun(file)); }

}  // namespace fm
