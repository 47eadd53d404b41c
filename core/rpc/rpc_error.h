// Why a request was refused: JSON-RPC 2.0 error objects. resources/protocol/protocol.json explains every code.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

namespace fm::rpc {

enum class ErrorCode : int {
    ParseError = -32700,
    InvalidRequest = -32600,
    UnknownMethod = -32601,
    InvalidParams = -32602,
    Internal = -32603,
    InputProblems = -32001,
    WorldFailure = -32002,
    NotInitialized = -32003,
    MessageTooLong = -32004,
    WrongState = -32005,
    Cancelled = -32006,
    ProtocolMismatch = -32007,
};
const char* toString(ErrorCode code);  // "parse_error", ...: the name in protocol.json

// Thrown by a handler to answer with an error. `data` is an object or null.
class RpcError : public std::runtime_error {
public:
    RpcError(ErrorCode code, const std::string& sentence, nlohmann::json data = nullptr)
        : std::runtime_error(sentence), code_(code), data_(std::move(data)) {}
    ErrorCode code() const { return code_; }
    const nlohmann::json& data() const { return data_; }

private:
    ErrorCode code_;
    nlohmann::json data_;
};

}  // namespace fm::rpc
