// run/list, run/fetch
#include <algorithm>

#include "core/base/error.h"
#include "core/run/event_json.h"
#include "core/serve/service.h"
#include "core/store/recorded_run.h"

namespace fm {

namespace {

nlohmann::json summaryJson(const RunSummary& run) {
    nlohmann::json spec = nlohmann::json::parse(run.spec_json, nullptr, false);
    return {{"run", run.run_id},
            {"job", run.job},
            {"state", run.interrupted ? "interrupted" : toString(run.state)},
            {"spec", spec.is_discarded() ? nlohmann::json() : std::move(spec)},
            {"device", run.device},
            {"parents", run.parents},
            {"rows", run.rows},
            {"problem", run.problem}};
}

// Rows of one answer: bounded, because a message is.
std::int64_t mostRows(const Table& table) {
    constexpr std::int64_t most_bytes = std::int64_t{4} << 20, most_rows = 4096;
    constexpr int most_text = 8192;  // of a line of the log, whose column has no width to go by
    std::int64_t row_bytes = 16;
    for (const Column& column : table.columns) {
        const std::int64_t cell = column.type == CellType::Text ? 2 : 24;  // digits of a number; a byte and its escape
        row_bytes += cell * std::min(column.width, most_text);
    }
    return std::clamp<std::int64_t>(most_bytes / row_bytes, 1, most_rows);
}

nlohmann::json fetch(const std::string& path, const nlohmann::json& params) {
    const std::unique_ptr<RecordedRun> run = openRecordedRun(path);
    const std::string name = params["table"].get<std::string>();
    const std::vector<Table> tables = tablesWithEvents(run->header().tables);
    const auto found = std::find_if(tables.begin(), tables.end(), [&](const Table& t) { return t.name == name; });
    if (found == tables.end()) throw InputError(Problem{"table", name, "a table of the run"});
    const Table& table = *found;
    const int index = static_cast<int>(found - tables.begin());
    const std::int64_t total = run->countRows(index);
    const std::int64_t first = std::clamp<std::int64_t>(params["first"].get<std::int64_t>(), 0, total);
    const std::int64_t asked = std::max<std::int64_t>(0, params["count"].get<std::int64_t>());
    const std::int64_t count = std::min({asked, total - first, mostRows(table)});
    nlohmann::json rows = nlohmann::json::array();
    for (Row& row : run->readRows(index, first, count))
        rows.push_back(eventToJson({0, 0, RowAppended{index, std::move(row)}})["body"]["row"]);
    nlohmann::json answer = {{"table", name},
                             {"first", first},
                             {"total", total},
                             {"rows", std::move(rows)},
                             {"state", run->interrupted() ? "interrupted" : toString(run->state())}};
    if (first == 0) answer["header"] = eventToJson({0, 0, run->header()})["body"];
    return answer;
}

}  // namespace

void Service::addRunHandlers(rpc::Server& server) {
    server.on("run/list", [this](const nlohmann::json&, const rpc::Responder& respond) {
        side_.ask(respond, [folder = opened().folder] {
            nlohmann::json runs = nlohmann::json::array();
            for (const RunSummary& run : Study::open(folder).listRuns()) runs.push_back(summaryJson(run));
            return nlohmann::json{{"runs", runs}};
        });
    });
    server.on("run/fetch", [this](const nlohmann::json& params, const rpc::Responder& respond) {
        side_.ask(respond, [path = runPath(params["run"].get<std::string>()), params] { return fetch(path, params); });
    });
}

}  // namespace fm
