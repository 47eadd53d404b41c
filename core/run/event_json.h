// Events as JSON: one line each. Headless runs write these lines; `runs import` reads them; the protocol's
// notifications carry the same body.
//   {"seq":7,"wall_ms":12.5,"type":"row_appended","body":{"table":0,"row":[1,"nan",[0.5,1.0],"text"]}}
// Non-finite numbers are the words "nan", "inf", "-inf".
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/run/event.h"

namespace fm {

const char* eventType(const EventBody& body);  // "run_opened", "row_appended", "state_changed", "progressed", "logged"
nlohmann::json eventToJson(const RunEvent& event);
std::string eventToLine(const RunEvent& event);  // no line end; invalid UTF-8 becomes U+FFFD

// Reads events in order. Rows need the tables of the run_opened event that came before: a cell's meaning is its
// column's. Every byte is hostile: whatever does not fit is a FormatError "<key>: <what is wrong>", without a path.
// Thread: one at a time.
class EventDecoder {
public:
    EventDecoder() = default;
    explicit EventDecoder(std::vector<Table> tables) : tables_(std::move(tables)) {}  // header already known

    RunEvent decode(const nlohmann::json& json);
    RunEvent decodeLine(std::string_view line);

private:
    std::vector<Table> tables_;
};

}  // namespace fm
