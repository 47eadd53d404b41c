#include "core/rpc/message.h"

#include <algorithm>

namespace fm::rpc {

// Copying and printing JSON recurses as deep as the value goes, so depth is checked before there is a value.
static bool tooDeep(std::string_view line) {
    int depth = 0;
    bool in_text = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (in_text) {
            if (c == '\\') ++i;
            if (c == '"') in_text = false;
        } else if (c == '"') {
            in_text = true;
        } else if (c == '[' || c == '{') {
            if (++depth > max_nesting) return true;
        } else if (c == ']' || c == '}') {
            --depth;
        }
    }
    return false;
}

// A value takes some fifty times the memory of its shortest text, so their number is bounded as well as the bytes.
static Json parseBounded(std::string_view line, std::size_t most_values) {
    std::size_t values = 0;
    const auto keep = [&](int, Json::parse_event_t event, Json&) {
        using Event = Json::parse_event_t;
        if (event == Event::value || event == Event::object_start || event == Event::array_start) ++values;
        return values <= most_values;
    };
    Json json = Json::parse(line, keep, /*allow_exceptions=*/false);
    if (values > most_values)
        throw MessageError(ErrorCode::ParseError,
                           "the message holds more than " + std::to_string(most_values) + " values", nullptr);
    return json;
}

static bool isId(const Json& json) { return json.is_string() || json.is_number_integer(); }

static Request requestFrom(Json& json, std::optional<Json> id) {
    const auto refuse = [&id](const char* what) {
        throw MessageError(ErrorCode::InvalidRequest, what, id.value_or(nullptr));
    };
    Request request;
    if (!json["method"].is_string()) refuse("method is not a text");
    request.method = json["method"].get<std::string>();
    if (const auto params = json.find("params"); params != json.end()) {
        if (!params->is_object()) refuse("params is not an object: parameters have names here");
        request.params = std::move(*params);
    }
    for (const auto& [key, value] : json.items())
        if (key != "jsonrpc" && key != "id" && key != "method" && key != "params")
            refuse("a request has no other members than jsonrpc, id, method and params");
    request.id = std::move(id);
    return request;
}

static Response responseFrom(Json& json, Json id) {
    const auto refuse = [&id](const char* what) { throw MessageError(ErrorCode::InvalidRequest, what, id); };
    Response response;
    const auto result = json.find("result");
    const auto error = json.find("error");
    if ((result == json.end()) == (error == json.end()))
        refuse("there is neither a method, nor a result, nor an error");
    if (result != json.end()) {
        response.result = std::move(*result);
    } else {
        if (!error->is_object() || !error->contains("code") || !(*error)["code"].is_number_integer() ||
            !error->contains("message") || !(*error)["message"].is_string())
            refuse("error is not an object with code and message");
        response.error = RpcError(static_cast<ErrorCode>((*error)["code"].get<std::int64_t>()),
                                  (*error)["message"].get<std::string>(), error->value("data", Json()));
    }
    response.id = std::move(id);
    return response;
}

Message parseMessage(std::string_view line, std::size_t most_values) {
    if (tooDeep(line))
        throw MessageError(ErrorCode::ParseError,
                           "the message nests deeper than " + std::to_string(max_nesting) + " levels", nullptr);
    Json json = parseBounded(line, most_values);
    if (json.is_discarded()) throw MessageError(ErrorCode::ParseError, "the line is not valid JSON", nullptr);
    if (json.is_array())
        throw MessageError(ErrorCode::InvalidRequest, "batches are not supported; send one message a line", nullptr);
    if (!json.is_object()) throw MessageError(ErrorCode::InvalidRequest, "the message is not an object", nullptr);
    std::optional<Json> id;
    if (const auto found = json.find("id"); found != json.end() && !found->is_null()) {
        if (!isId(*found))
            throw MessageError(ErrorCode::InvalidRequest, "id is neither a text nor an integer", nullptr);
        id = *found;
    }
    if (json.value("jsonrpc", Json()) != "2.0")
        throw MessageError(ErrorCode::InvalidRequest, "jsonrpc is not \"2.0\"", id.value_or(nullptr));
    if (json.contains("method")) return requestFrom(json, std::move(id));
    return responseFrom(json, id.value_or(nullptr));
}

static std::string lineOf(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string requestLine(const Json& id, const std::string& method, const Json& params) {
    return lineOf({{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", params}});
}

std::string notificationLine(const std::string& method, const Json& params) {
    return lineOf({{"jsonrpc", "2.0"}, {"method", method}, {"params", params}});
}

std::string resultLine(const Json& id, const Json& result) {
    return lineOf({{"jsonrpc", "2.0"}, {"id", id}, {"result", result}});
}

std::string errorLine(const Json& id, const RpcError& error) {
    Json body = {{"code", static_cast<int>(error.code())}, {"message", error.what()}};
    if (!error.data().is_null()) body["data"] = error.data();
    return lineOf({{"jsonrpc", "2.0"}, {"id", id}, {"error", std::move(body)}});
}

}  // namespace fm::rpc
