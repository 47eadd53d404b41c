// The engine's end of the protocol: lines in, the right handler, one answer to each request.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/rpc/message.h"
#include "core/rpc/outbox.h"

namespace fm::rpc {

// Turns what a handler threw into the error that is sent.
using ErrorTranslator = std::function<RpcError(std::exception_ptr)>;
// InputError, WorldError, Cancelled and RpcError have their codes; lack of memory is a world failure; anything else
// is `internal`.
RpcError translateError(const std::exception_ptr& error);

// The answer to one request: given once, from any thread, now or later. A request that nobody answers is answered
// with `internal` when the last copy goes.
class Responder {
public:
    Responder(Outbox& outbox, std::optional<Json> id, ErrorTranslator translate);
    void result(const Json& result) const;
    void fail(const std::exception_ptr& error) const;
    // Answers with what `work` returns or throws.
    void answer(const std::function<Json()>& work) const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

// Thread: handleLine() on the reader's thread; handlers run there too.
class Server {
public:
    using Handler = std::function<void(const Json& params, const Responder& respond)>;
    explicit Server(Outbox& outbox, ErrorTranslator translate = translateError)
        : outbox_(outbox), translate_(std::move(translate)) {}

    // `method` is one of methods(); its parameters are checked before the handler sees them.
    void on(const std::string& method, Handler handler);
    // For what is answered at once.
    void answer(const std::string& method, std::function<Json(const Json& params)> work);

    // Never throws, whatever the line holds.
    void handleLine(std::string_view line, bool too_long);

private:
    void dispatch(Request& request);
    void requireTurn(const Request& request);

    Outbox& outbox_;
    ErrorTranslator translate_;
    std::map<std::string, Handler> handlers_;
    bool initialized_ = false;
};

}  // namespace fm::rpc
