// Lines of JSON-RPC.
#include "core/base/error.h"
#include "core/rpc/message.h"
#include "tests/fuzz/mutate.h"

namespace fm::fuzz {

static void read(const std::uint8_t* data, std::size_t bytes) {
    try {
        const rpc::Message message = rpc::parseMessage({reinterpret_cast<const char*>(data), bytes});
        if (const auto* request = std::get_if<rpc::Request>(&message))
            rpc::requestLine(request->id.value_or(nullptr), request->method, request->params);
    } catch (const rpc::MessageError& error) {
        rpc::errorLine(error.id(), error);
        throw WorldError(error.what());
    }
}

Target messageTarget() {
    return {"message", 2000,
            [] {
                return std::vector<std::string>{
                    rpc::requestLine(7, "run/start", {{"job", "gates"}, {"spec", {{"steps", 5}}}}),
                    rpc::notificationLine("run/event", {{"seq", 1}, {"rows", {1, 2.5, "x"}}}),
                    rpc::errorLine("a", rpc::RpcError(rpc::ErrorCode::InvalidRequest, "no"))};
            },
            read, changeJson};
}

}  // namespace fm::fuzz
