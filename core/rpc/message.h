// JSON-RPC 2.0 messages: from lines and to lines. Batches are not part of our protocol.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <nlohmann/json.hpp>

#include "core/rpc/rpc_error.h"

namespace fm::rpc {

using Json = nlohmann::json;

inline constexpr int max_nesting = 64;                     // of lists and objects in a message
inline constexpr std::size_t max_request_values = 100000;  // texts, numbers, lists and objects in a request

// A request, or with no id a notification.
struct Request {
    std::optional<Json> id;  // a text or an integer
    std::string method;
    Json params = Json::object();
};
struct Response {
    Json id;  // null when the other side could not read the request's
    Json result;
    std::optional<RpcError> error;
};
using Message = std::variant<Request, Response>;

// Refused with the id the line has, if one can be read: a response with an error needs it.
class MessageError : public RpcError {
public:
    MessageError(ErrorCode code, const std::string& sentence, Json id) : RpcError(code, sentence), id_(std::move(id)) {}
    const Json& id() const { return id_; }

private:
    Json id_;
};

// Every byte is hostile: throws MessageError (parse_error, invalid_request), never anything else. `most_values`: of
// texts, numbers, lists and objects; a response may hold many, a request never more than max_request_values.
Message parseMessage(std::string_view line, std::size_t most_values = std::numeric_limits<std::size_t>::max());

// Without the line end. Invalid UTF-8 becomes U+FFFD.
std::string requestLine(const Json& id, const std::string& method, const Json& params);
std::string notificationLine(const std::string& method, const Json& params);
std::string resultLine(const Json& id, const Json& result);
std::string errorLine(const Json& id, const RpcError& error);

}  // namespace fm::rpc
