#include "core/rpc/run_notice.h"

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/run/run_id.h"

namespace fm::rpc {

using Json = nlohmann::json;

static constexpr const char* thinned_type = "thinned";

Json noticeToJson(const RunNotice& notice) {
    Json json = eventToJson(notice.event);
    json["run"] = notice.run;
    if (notice.row >= 0) json["row"] = notice.row;
    if (std::holds_alternative<RunOpened>(notice.event.body)) json["rows"] = notice.rows;
    return json;
}

Json thinnedToJson(const std::string& run, std::uint64_t last_seq, std::int64_t dropped) {
    return {{"run", run}, {"seq", last_seq}, {"wall_ms", 0}, {"type", thinned_type}, {"body", {{"dropped", dropped}}}};
}

static std::int64_t count(const Json& json, const char* key) {
    if (!json.is_number_integer() || json < 0 || json > INT64_MAX)
        throw FormatError(std::string(key) + ": is not a count");
    return json.get<std::int64_t>();
}

RunNotice NoticeDecoder::decode(const Json& params) {
    RunNotice notice;
    if (!params.is_object() || !params.contains("run") || !params["run"].is_string())
        throw FormatError("run: is not a text");
    notice.run = params["run"].get<std::string>();
    if (!isRunId(notice.run)) throw FormatError("run: is not a run id");
    if (params.value("type", Json()) == thinned_type) {
        const Json body = params.value("body", Json::object());
        notice.thinned = count(body.is_object() ? body.value("dropped", Json()) : Json(), "dropped");
        return notice;
    }
    Known& known = runs_[notice.run];
    notice.event = known.decoder.decode(params);
    if (const RunOpened* opened = std::get_if<RunOpened>(&notice.event.body)) {
        if (opened->run_id != notice.run) throw FormatError("run_id: is not that of the notification");
        known.tables = opened->tables.size();
        for (const Json& rows : params.value("rows", Json::array())) notice.rows.push_back(count(rows, "rows"));
        notice.rows.resize(known.tables, 0);
    }
    if (std::holds_alternative<RowAppended>(notice.event.body)) notice.row = count(params.value("row", Json()), "row");
    const StateChanged* changed = std::get_if<StateChanged>(&notice.event.body);
    if (changed && isTerminal(changed->state)) runs_.erase(notice.run);
    return notice;
}

}  // namespace fm::rpc
