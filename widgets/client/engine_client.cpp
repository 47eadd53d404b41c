#include "widgets/client/engine_client.h"

#include <QMetaObject>

#include "core/base/error.h"
#include "core/rpc/methods.h"

namespace fm {

namespace {

constexpr int frame_ms = 33;
constexpr std::size_t messages_per_turn = 400;  // a row and all who look at it take up to 20 us
constexpr int polite_wait_ms = 10000;

EngineReply failure(const QString& sentence) {
    return {nullptr, rpc::RpcError(rpc::ErrorCode::WorldFailure, sentence.toStdString())};
}

}  // namespace

std::vector<Problem> EngineReply::problems() const {
    std::vector<Problem> problems;
    if (!error || !error->data().is_object()) return problems;
    for (const nlohmann::json& entry : error->data().value("problems", nlohmann::json::array())) {
        if (!entry.is_object()) continue;
        const auto text = [&entry](const char* key) {
            const nlohmann::json value = entry.value(key, nlohmann::json(""));
            return value.is_string() ? value.get<std::string>() : value.dump();
        };
        problems.push_back({text("field"), text("value"), text("allowed")});
    }
    return problems;
}

EngineClient::EngineClient(QObject* parent) : QObject(parent), process_(new EngineProcess(inbox_)) {
    process_->moveToThread(&thread_);
    connect(&thread_, &QThread::finished, process_, &QObject::deleteLater);
    connect(process_, &EngineProcess::started, this, [this](int generation) {
        if (generation != generation_) return;
        sendRequest(
            "initialize", {{"protocol", rpc::protocol_version}, {"client", "flashmorph-workbench"}},
            {"initialize", this, true, [this](const EngineReply& reply) { initialized(reply); }, {}, usual_wait});
    });
    connect(process_, &EngineProcess::answered, this, &EngineClient::drainSome);
    connect(process_, &EngineProcess::logged, this, &EngineClient::logged);
    connect(process_, &EngineProcess::ended, this, &EngineClient::onEnded);
    connect(&clock_, &QTimer::timeout, this, &EngineClient::drainSome);
    clock_.setInterval(frame_ms);
    connect(&next_turn_, &QTimer::timeout, this, &EngineClient::drainSome);
    next_turn_.setSingleShot(true);
    thread_.setObjectName("engine");
    thread_.start();
}

EngineClient::~EngineClient() {
    process_->disconnect(this);
    connect(process_, &EngineProcess::ended, &thread_, &QThread::quit, Qt::DirectConnection);
    const QByteArray line = QByteArray::fromStdString(rpc::notificationLine("shutdown", nlohmann::json::object()));
    QMetaObject::invokeMethod(process_, [process = process_, thread = &thread_, line] {
        if (!process->isRunning()) return thread->quit();
        process->send(line);
        process->finish(polite_wait_ms);
    });
    if (thread_.wait(polite_wait_ms + 2000)) return;
    thread_.quit();
    thread_.wait();
}

void EngineClient::setState(State state) {
    if (state == state_) return;
    state_ = state;
    if (state == State::Stopped)
        clock_.stop();
    else
        clock_.start();
    Q_EMIT stateChanged(state);
}

void EngineClient::start(const QString& command) {
    failAll(tr("The engine is being started again."));
    inbox_.clear();
    taken_.clear();
    command_ = command;
    ++generation_;
    setState(State::Starting);
    QMetaObject::invokeMethod(
        process_, [process = process_, command, generation = generation_] { process->start(command, generation); });
}

void EngineClient::stop() {
    if (state_ == State::Stopped) return;
    setState(State::Stopping);
    const QByteArray line = QByteArray::fromStdString(rpc::notificationLine("shutdown", nlohmann::json::object()));
    QMetaObject::invokeMethod(process_, [process = process_, line] {
        process->send(line);
        process->finish(polite_wait_ms);
    });
}

void EngineClient::kill() {
    QMetaObject::invokeMethod(process_, [process = process_] { process->kill(); });
}

void EngineClient::initialized(const EngineReply& reply) {
    if (!reply.ok()) {
        const QString sentence = tr("The engine cannot be used: %1").arg(reply.sentence());
        QMetaObject::invokeMethod(process_, [process = process_] { process->finish(0); });
        onEnded(generation_, sentence);
        return;
    }
    capabilities_ = reply.result.value("capabilities", nlohmann::json::object());
    const nlohmann::json software = reply.result.value("software", nlohmann::json(""));
    software_ = software.is_string() ? QString::fromStdString(software.get<std::string>()) : QString();
    setState(State::Ready);
    Q_EMIT ready();
}

void EngineClient::onEnded(int generation, const QString& sentence) {
    if (generation != generation_ || state_ == State::Stopped) return;  // told already
    while (drain()) {
    }
    const bool asked = state_ == State::Stopping;
    setState(State::Stopped);
    failAll(sentence.isEmpty() ? tr("The engine has stopped.") : sentence);
    if (asked && sentence.isEmpty())
        Q_EMIT stopped();
    else
        Q_EMIT died(sentence.isEmpty() ? tr("The engine has stopped.") : sentence);
}

void EngineClient::request(const std::string& method, const nlohmann::json& params, QObject* context, Callback callback,
                           std::chrono::milliseconds wait) {
    Pending pending{method, context, context != nullptr, std::move(callback), {}, wait};
    if (state_ != State::Ready) {
        // Later, so that a caller need not expect its callback inside the call.
        const EngineReply reply = failure(tr("The engine is not running; start it and try again."));
        QMetaObject::invokeMethod(
            this, [pending, reply] { answer(pending, reply); }, Qt::QueuedConnection);
        return;
    }
    sendRequest(method, params, std::move(pending));
}

void EngineClient::sendRequest(const std::string& method, const nlohmann::json& params, Pending pending) {
    pending.deadline = std::chrono::steady_clock::now() + pending.wait;
    const std::int64_t id = next_id_++;
    pending_[id] = std::move(pending);
    const QByteArray line = QByteArray::fromStdString(rpc::requestLine(id, method, params));
    QMetaObject::invokeMethod(process_, [process = process_, line] { process->send(line); });
}

void EngineClient::answer(const Pending& pending, const EngineReply& reply) {
    if (pending.callback && (!pending.has_context || pending.context)) pending.callback(reply);
}

// A turn's worth, so that a long backlog does not keep the user waiting.
void EngineClient::drainSome() {
    if (drain()) next_turn_.start();
}

// True when more is left. A callback may open a dialog, whose event loop comes here again: what has been taken is then
// looked at there, in order.
bool EngineClient::drain() {
    process_->heard();
    const bool more = inbox_.take(messages_per_turn, taken_);
    std::vector<rpc::RunNotice> notices;
    while (!taken_.empty()) {
        EngineMessage message = std::move(taken_.front());
        taken_.pop_front();
        if (rpc::RunNotice* notice = std::get_if<rpc::RunNotice>(&message)) {
            if (!notices.empty() && notices.front().run != notice->run) deliver(notices);
            notices.push_back(std::move(*notice));
            continue;
        }
        deliver(notices);
        if (rpc::Response* response = std::get_if<rpc::Response>(&message)) take(*response);
        if (const rpc::Request* notification = std::get_if<rpc::Request>(&message)) take(*notification);
    }
    deliver(notices);
    expire();
    return more;
}

void EngineClient::deliver(std::vector<rpc::RunNotice>& notices) {
    if (notices.empty()) return;
    const std::vector<rpc::RunNotice> batch = std::exchange(notices, {});
    Q_EMIT eventsReceived(QString::fromStdString(batch.front().run), batch);
}

void EngineClient::take(rpc::Response& response) {
    const auto found =
        response.id.is_number_integer() ? pending_.find(response.id.get<std::int64_t>()) : pending_.end();
    if (found == pending_.end()) {
        if (response.id.is_null() && response.error) Q_EMIT problem(Severity::Warning, response.error->what());
        return;  // the answer to what has timed out
    }
    const Pending pending = std::move(found->second);
    pending_.erase(found);
    answer(pending, {std::move(response.result), std::move(response.error)});
}

void EngineClient::take(const rpc::Request& notification) {
    if (notification.method == rpc::notification::job) {
        Q_EMIT jobChanged(notification.params);
    } else if (notification.method == rpc::notification::measured) {
        Q_EMIT measured(notification.params);
    } else if (notification.method == rpc::notification::problem) {
        const nlohmann::json severity = notification.params.value("severity", nlohmann::json());
        const nlohmann::json text = notification.params.value("text", nlohmann::json());
        if (text.is_string() && severity.is_string())
            Q_EMIT problem(severityFromString(severity.get<std::string>()).value_or(Severity::Warning),
                           QString::fromStdString(text.get<std::string>()));
    }
}

void EngineClient::expire() {
    const auto now = std::chrono::steady_clock::now();
    std::vector<Pending> late;
    for (auto entry = pending_.begin(); entry != pending_.end();) {
        if (entry->second.deadline > now) {
            ++entry;
            continue;
        }
        late.push_back(std::move(entry->second));
        entry = pending_.erase(entry);
    }
    for (const Pending& pending : late) {
        const double waited_s = static_cast<double>(pending.wait.count()) / 1000;
        Q_EMIT slow(QString::fromStdString(pending.method), waited_s);
        answer(pending, failure(tr("The engine has not answered %1 within %2 s; it may be busy, or the connection may "
                                   "be gone.")
                                    .arg(QString::fromStdString(pending.method))
                                    .arg(waited_s)));
    }
}

void EngineClient::failAll(const QString& sentence) {
    const std::map<std::int64_t, Pending> pending = std::exchange(pending_, {});
    for (const auto& [id, entry] : pending) answer(entry, failure(sentence));
}

}  // namespace fm
