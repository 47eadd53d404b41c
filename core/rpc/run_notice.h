// An event of a run on its way from the engine: the parameters of an `event` notification.
//   {"run": "<run id>", "seq": 7, "wall_ms": 12.5, "type": "row_appended", "body": {...}, "row": 5}
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/run/event_json.h"

namespace fm::rpc {

struct RunNotice {
    std::string run;
    RunEvent event;
    std::int64_t row = -1;           // of RowAppended: the row's index in its table of the run file
    std::vector<std::int64_t> rows;  // of RunOpened: rows each table holds already; not all 0 when resumed
    std::int64_t thinned = 0;        // > 0: not an event, but how many rows of this run were not sent
};

nlohmann::json noticeToJson(const RunNotice& notice);
// {"type": "thinned", "body": {"dropped": n}}: rows are in the run file, but were not sent.
nlohmann::json thinnedToJson(const std::string& run, std::uint64_t last_seq, std::int64_t dropped);

// Thread: one at a time. Every byte is hostile: FormatError "<key>: <what is wrong>".
class NoticeDecoder {
public:
    RunNotice decode(const nlohmann::json& params);

private:
    struct Known {
        EventDecoder decoder;
        std::size_t tables = 0;
    };
    std::map<std::string, Known> runs_;  // those that have not ended
};

}  // namespace fm::rpc
