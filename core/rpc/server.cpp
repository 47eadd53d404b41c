#include "core/rpc/server.h"

#include <atomic>
#include <new>

#include "core/base/assert.h"
#include "core/base/error.h"
#include "core/rpc/line_cutter.h"
#include "core/rpc/methods.h"

namespace fm::rpc {

RpcError translateError(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const RpcError& known) {
        return known;
    } catch (const InputError& input) {
        return {ErrorCode::InputProblems, input.what(), {{"problems", problemsToJson(input.problems())}}};
    } catch (const Cancelled& cancelled) {
        return {ErrorCode::Cancelled, cancelled.what()};
    } catch (const std::bad_alloc&) {
        return {ErrorCode::WorldFailure, "not enough memory; close other programs or ask for less"};
    } catch (const WorldError& world) {
        return {ErrorCode::WorldFailure, world.what()};
    } catch (const std::exception& other) {
        return {ErrorCode::Internal, std::string("the engine made a mistake: ") + other.what()};
    }
}

struct Responder::State {
    State(Outbox& out, std::optional<Json> request_id, ErrorTranslator translator)
        : outbox(out), id(std::move(request_id)), translate(std::move(translator)) {}
    ~State() {
        if (!answered.exchange(true) && id)
            outbox.push(errorLine(*id, RpcError(ErrorCode::Internal, "the engine did not answer this request")));
    }
    // Who answers first counts; a notification gets no answer.
    bool mayAnswer() { return !answered.exchange(true) && id; }

    Outbox& outbox;
    std::optional<Json> id;
    ErrorTranslator translate;
    std::atomic<bool> answered{false};
};

Responder::Responder(Outbox& outbox, std::optional<Json> id, ErrorTranslator translate)
    : state_(std::make_shared<State>(outbox, std::move(id), std::move(translate))) {}

void Responder::result(const Json& result) const {
    if (state_->mayAnswer()) state_->outbox.push(resultLine(*state_->id, result));
}

void Responder::fail(const std::exception_ptr& error) const {
    if (state_->mayAnswer()) state_->outbox.push(errorLine(*state_->id, state_->translate(error)));
}

void Responder::answer(const std::function<Json()>& work) const {
    try {
        result(work());
    } catch (...) {
        fail(std::current_exception());
    }
}

void Server::on(const std::string& method, Handler handler) {
    FM_ASSERT(findMethod(method) != nullptr, "a handler belongs to a method of the protocol");
    handlers_[method] = std::move(handler);
}

void Server::answer(const std::string& method, std::function<Json(const Json& params)> work) {
    on(method, [work = std::move(work)](const Json& params, const Responder& respond) {
        respond.answer([&] { return work(params); });
    });
}

void Server::handleLine(std::string_view line, bool too_long) {
    if (too_long) {
        const std::string limit = std::to_string(max_message_bytes >> 20);
        outbox_.push(errorLine(nullptr, RpcError(ErrorCode::MessageTooLong,
                                                 "a message was longer than " + limit + " MiB; it was skipped")));
        return;
    }
    if (line.find_first_not_of(" \t") == std::string_view::npos) return;
    try {
        Message message = parseMessage(line, max_request_values);
        Request* request = std::get_if<Request>(&message);
        if (!request)
            throw MessageError(ErrorCode::InvalidRequest, "the engine asks nothing, so it takes no responses",
                               std::get<Response>(message).id);
        dispatch(*request);
    } catch (const MessageError& error) {
        outbox_.push(errorLine(error.id(), error));
    } catch (const std::bad_alloc&) {
        outbox_.push(errorLine(nullptr, translateError(std::current_exception())));
    }
}

void Server::requireTurn(const Request& request) {
    const bool opens = request.method == "initialize";
    if (!opens && !initialized_) throw RpcError(ErrorCode::NotInitialized, "the first request must be initialize");
    if (opens && initialized_) throw RpcError(ErrorCode::WrongState, "initialize has been answered before");
}

void Server::dispatch(Request& request) {
    const Responder respond(outbox_, request.id, translate_);
    try {
        requireTurn(request);
        const Method* method = findMethod(request.method);
        const auto handler = handlers_.find(request.method);
        if (!method || handler == handlers_.end())
            throw RpcError(ErrorCode::UnknownMethod, "there is no method " + request.method.substr(0, 60));
        if (const std::vector<Problem> problems = paramProblems(*method, request.params); !problems.empty())
            throw RpcError(ErrorCode::InvalidParams,
                           request.method + ": " + std::to_string(problems.size()) + " wrong parameters",
                           {{"problems", problemsToJson(problems)}});
        if (request.method == "initialize") {
            const Json& asked = request.params["protocol"];
            if (asked != protocol_version)
                throw RpcError(ErrorCode::ProtocolMismatch,
                               "this engine speaks protocol " + std::to_string(protocol_version) + ", the client " +
                                   asked.dump() + "; install the same version of both programs");
            initialized_ = true;
        }
        handler->second(request.params, respond);
    } catch (...) {
        respond.fail(std::current_exception());
    }
}

}  // namespace fm::rpc
