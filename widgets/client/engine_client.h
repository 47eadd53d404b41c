// The window's end of the protocol: requests with callbacks, events in batches. Nothing here ever waits.
#pragma once

#include <QObject>
#include <QPointer>
#include <QString>
#include <QThread>
#include <QTimer>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/run/event.h"
#include "widgets/client/engine_process.h"
#include "widgets/client/inbox.h"

namespace fm {

// The answer to a request: a result, or why not.
struct EngineReply {
    nlohmann::json result;
    std::optional<rpc::RpcError> error;
    bool ok() const { return !error; }
    QString sentence() const { return error ? QString::fromUtf8(error->what()) : QString(); }
    std::vector<Problem> problems() const;  // those that came with the error
};

// Thread: the window's.
class EngineClient : public QObject {
    Q_OBJECT
public:
    enum class State { Stopped, Starting, Ready, Stopping };
    Q_ENUM(State)

    explicit EngineClient(QObject* parent = nullptr);
    ~EngineClient() override;  // asks the engine to keep what runs, and kills it after 10 s

    // Starts the engine and initializes it; ready() or died() follows. `command` as EngineProcess::start().
    void start(const QString& command);
    void restart() { start(command_); }
    // Polite: running jobs stop and are kept. stopped() follows.
    void stop();
    void kill();  // for an engine that no longer answers; died() follows

    State state() const { return state_; }
    bool isReady() const { return state_ == State::Ready; }
    const QString& command() const { return command_; }
    const nlohmann::json& capabilities() const { return capabilities_; }
    const QString& software() const { return software_; }

    using Callback = std::function<void(const EngineReply&)>;
    static constexpr std::chrono::milliseconds usual_wait{30000};
    // `callback` is called once, while `context` lives: with the answer, or with an error when the engine does not
    // answer within `wait`, dies, or is not ready.
    void request(const std::string& method, const nlohmann::json& params, QObject* context, Callback callback,
                 std::chrono::milliseconds wait = usual_wait);

Q_SIGNALS:
    void stateChanged(fm::EngineClient::State state);
    void ready();
    void stopped();
    void died(const QString& sentence);
    // Events of one run, in order, once per 33 ms and run, or oftener while a backlog is worked off; a thinned notice
    // says that rows are missing.
    void eventsReceived(const QString& run, const std::vector<fm::rpc::RunNotice>& notices);
    void jobChanged(const nlohmann::json& job);   // parameters of a `job` notification
    void measured(const nlohmann::json& scores);  // parameters of a `measured` notification: a plan/measure so far
    void problem(fm::Severity severity, const QString& text);
    void logged(const QString& line);                   // the engine's standard error
    void slow(const QString& method, double waited_s);  // a request has timed out

private:
    struct Pending {
        std::string method;
        QPointer<QObject> context;
        bool has_context = false;
        Callback callback;
        std::chrono::steady_clock::time_point deadline;
        std::chrono::milliseconds wait{0};
    };
    void setState(State state);
    void drainSome();
    bool drain();
    void deliver(std::vector<rpc::RunNotice>& notices);
    void take(rpc::Response& response);
    void take(const rpc::Request& notification);
    void expire();
    void failAll(const QString& sentence);
    void initialized(const EngineReply& reply);
    void onEnded(int generation, const QString& sentence);
    void sendRequest(const std::string& method, const nlohmann::json& params, Pending pending);
    static void answer(const Pending& pending, const EngineReply& reply);

    Inbox inbox_;
    std::deque<EngineMessage> taken_;  // out of the inbox, not looked at yet
    QThread thread_;
    EngineProcess* process_;  // lives in thread_
    QTimer clock_, next_turn_;
    State state_ = State::Stopped;
    int generation_ = 0;
    QString command_, software_;
    nlohmann::json capabilities_ = nlohmann::json::object();
    std::map<std::int64_t, Pending> pending_;
    std::int64_t next_id_ = 1;
};

}  // namespace fm
