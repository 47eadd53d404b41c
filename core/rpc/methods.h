// What the engine can be asked for: every method with its parameters, and the names of its notifications. The same
// list, with units, results and help, is resources/protocol/protocol.json; tests/rpc holds the two together.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/error.h"

namespace fm::rpc {

inline constexpr int protocol_version = 3;

namespace notification {
inline constexpr const char* event = "event";        // something a run said: RunNotice
inline constexpr const char* job = "job";            // a job was queued, started or ended; its result
inline constexpr const char* measured = "measured";  // a plan/measure under way: its scores so far
inline constexpr const char* problem = "problem";    // what belongs to no run
}  // namespace notification

enum class ParamType { Text, Integer, Number, Object, Texts, Integers };
const char* toString(ParamType type);  // "text", "integer", "number", "object", "texts", "integers"

struct Param {
    const char* name;
    ParamType type;
    bool required = true;
};
struct Method {
    const char* name;
    std::vector<Param> params;
};

const std::vector<Method>& methods();
const Method* findMethod(std::string_view name);  // nullptr when there is none

// Everything wrong with the parameters of a request: missing, unknown, of another type.
std::vector<Problem> paramProblems(const Method& method, const nlohmann::json& params);

nlohmann::json problemsToJson(const std::vector<Problem>& problems);  // [{"field", "value", "allowed"}]

}  // namespace fm::rpc
