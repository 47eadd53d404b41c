#include "core/rpc/rpc_error.h"

namespace fm::rpc {

const char* toString(ErrorCode code) {
    switch (code) {
        case ErrorCode::ParseError:
            return "parse_error";
        case ErrorCode::InvalidRequest:
            return "invalid_request";
        case ErrorCode::UnknownMethod:
            return "unknown_method";
        case ErrorCode::InvalidParams:
            return "invalid_params";
        case ErrorCode::Internal:
            return "internal";
        case ErrorCode::InputProblems:
            return "input_problems";
        case ErrorCode::WorldFailure:
            return "world_failure";
        case ErrorCode::NotInitialized:
            return "not_initialized";
        case ErrorCode::MessageTooLong:
            return "message_too_long";
        case ErrorCode::WrongState:
            return "wrong_state";
        case ErrorCode::Cancelled:
            return "cancelled";
        case ErrorCode::ProtocolMismatch:
            return "protocol_mismatch";
    }
    return "unknown";
}

}  // namespace fm::rpc
