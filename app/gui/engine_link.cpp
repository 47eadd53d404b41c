#include "app/gui/engine_link.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <variant>

#include <nlohmann/json.hpp>

#include "widgets/client/command_words.h"
#include "widgets/client/engine_client.h"
#include "widgets/state/run_source.h"
#include "widgets/state/study_state.h"

namespace fm {

using Json = nlohmann::json;
using namespace std::chrono_literals;

namespace {

QString textOf(const Json& json, const char* key) {
    return json.is_object() && json.contains(key) && json[key].is_string()
               ? QString::fromStdString(json[key].get<std::string>())
               : QString();
}

// Sizes of the model as study/open gives them; nothing when the answer has no such shape.
std::optional<ModelShape> shapeFrom(const Json& json) {
    if (!json.is_object()) return std::nullopt;
    ModelShape shape;
    const std::pair<const char*, std::int64_t*> members[] = {{"num_layers", &shape.num_layers},
                                                             {"hidden_size", &shape.hidden_size},
                                                             {"intermediate_size", &shape.intermediate_size},
                                                             {"num_heads", &shape.num_heads},
                                                             {"num_kv_heads", &shape.num_kv_heads},
                                                             {"head_dim", &shape.head_dim},
                                                             {"vocab_size", &shape.vocab_size},
                                                             {"max_position", &shape.max_position}};
    for (const auto& [name, member] : members) {
        if (!json.contains(name) || !json[name].is_number_integer()) return std::nullopt;
        *member = json[name].get<std::int64_t>();
    }
    shape.tie_embeddings = json.value("tie_embeddings", false);
    return shape;
}

}  // namespace

EngineLink::EngineLink(EngineClient& client, StudyState& study, RunSource& source, QObject* parent)
    : QObject(parent), client_(client), study_(study), source_(source) {
    connect(&client_, &EngineClient::stateChanged, this, &EngineLink::engineChanged);
    connect(&client_, &EngineClient::ready, this, [this] {
        Q_EMIT engineChanged();
        openStudy();
    });
    connect(&client_, &EngineClient::died, this, &EngineLink::onDied);
    connect(&client_, &EngineClient::stopped, this, [this] {
        setPhase(JobPhase::NoEngine);
        Q_EMIT ended();
    });
    connect(&client_, &EngineClient::eventsReceived, this, &EngineLink::takeEvents);
    connect(&client_, &EngineClient::jobChanged, this, &EngineLink::takeJob);
    connect(&client_, &EngineClient::problem, this, [this](Severity, const QString& text) { Q_EMIT problem(text); });
    connect(&study_, &StudyState::opened, this, &EngineLink::openStudy);
}

void EngineLink::start(const QString& command) {
    client_.start(command.isEmpty() ? QCoreApplication::applicationDirPath() + "/flashmorph" : command);
}

bool EngineLink::ready() const { return client_.isReady(); }

QString EngineLink::where() const {
    const QStringList words = commandWords(client_.command()).value_or(QStringList());
    if (words.size() > 1 && QFileInfo(words[0]).fileName() == "ssh") return "ssh " + words[1];
    return tr("local");
}

QString EngineLink::what() const {
    switch (client_.state()) {
        case EngineClient::State::Stopped:
            return tr("not running");
        case EngineClient::State::Starting:
            return tr("starting …");
        case EngineClient::State::Stopping:
            return tr("stopping …");
        case EngineClient::State::Ready:
            break;
    }
    const Json& devices = client_.capabilities().value("devices", Json::array());
    if (!devices.is_array() || devices.empty()) return tr("ready");
    return textOf(devices.back(), "text");  // the fastest stands last
}

void EngineLink::setPhase(JobPhase phase) {
    phase_ = phase;
    if (phase != JobPhase::Running || asked_ != JobAsked::Step) asked_ = JobAsked::Nothing;
    if (phase == JobPhase::Idle || phase == JobPhase::NoEngine) run_.clear();
    Q_EMIT phaseChanged();
}

void EngineLink::openStudy() {
    if (phase_ == JobPhase::Idle) setPhase(JobPhase::NoEngine);  // until the engine knows this study
    if (!client_.isReady() || !study_.isOpen()) return;
    const Json params = {{"path", study_.folder().toStdString()}};
    client_.request("study/open", params, this, [this](const EngineReply& reply) { studyOpened(reply); });
}

void EngineLink::studyOpened(const EngineReply& reply) {
    if (!reply.ok()) return Q_EMIT problem(reply.sentence());
    QStringList tasks;
    std::vector<int> lengths;
    for (const Json& task : reply.result.value("tasks", Json::array())) {
        if (task.is_string()) tasks << QString::fromStdString(task.get<std::string>());
    }
    for (const Json& length : reply.result.value("lengths", Json::array())) {
        if (length.is_number_integer()) lengths.push_back(length.get<int>());
    }
    const auto shape = shapeFrom(reply.result.value("shape", Json()));
    if (!shape)
        return Q_EMIT problem(tr("The engine's answer to study/open has no model sizes: is it another version?"));
    study_.setModel(*shape, tasks, lengths);
    if (phase_ == JobPhase::NoEngine) setPhase(JobPhase::Idle);
    if (std::exchange(resume_when_open_, false)) startJob(lost_job_, Json::object(), lost_);
}

void EngineLink::startJob(const QString& job, const Json& spec, const QString& resume) {
    Json params = {{"job", job.toStdString()}};
    if (resume.isEmpty()) params["spec"] = spec;
    if (!resume.isEmpty()) params["resume"] = resume.toStdString();
    job_ = job;
    lost_.clear();
    setPhase(JobPhase::Starting);
    client_.request("job/start", params, this, [this](const EngineReply& reply) {
        if (!reply.ok()) {
            QString text = reply.sentence();
            for (const Problem& p : reply.problems()) {
                text += QString::fromStdString("; " + p.field + " is " + p.value + ", allowed: " + p.allowed);
            }
            Q_EMIT problem(text);
            return setPhase(JobPhase::Idle);
        }
        run_ = textOf(reply.result, "run");
        if (phase_ == JobPhase::Starting && textOf(reply.result, "state") == "queued") Q_EMIT phaseChanged();
    });
}

void EngineLink::resumeLost() {
    if (lost_.isEmpty()) return;
    resume_when_open_ = true;
    client_.restart();
}

void EngineLink::takeEvents(const QString& run, const std::vector<rpc::RunNotice>& notices) {
    for (const rpc::RunNotice& notice : notices) {
        const auto* opened = std::get_if<RunOpened>(&notice.event.body);
        // The job's first event may come before the answer that names its run.
        const bool starting = opened && phase_ == JobPhase::Starting && run_.isEmpty();
        if (starting && QString::fromStdString(opened->job) == job_) run_ = run;
        if (run != run_) return;
        if (opened && notice.thinned == 0) openRun(*opened, notice.rows);
        const bool shown = source_.isLive() && source_.data().runId() == run;
        if (shown && notice.thinned > 0) source_.noteMissingRows();
        if (notice.thinned > 0) continue;
        if (shown) source_.take(notice.event, notice.row);
        if (const auto* state = std::get_if<StateChanged>(&notice.event.body)) takeState(state->state);
    }
    source_.flushEvents();
}

void EngineLink::openRun(const RunOpened& header, const std::vector<std::int64_t>& rows) {
    source_.openLive(header, study_.runPath(run_), rows);
    setPhase(JobPhase::Running);
    Q_EMIT jobOpened(run_);
    study_.refresh();
}

void EngineLink::takeState(RunState state) {
    if (state == RunState::Paused) return setPhase(JobPhase::Paused);
    if (state == RunState::Running) return setPhase(JobPhase::Running);
    // Finished, cancelled or failed: the job's notification says that the engine is free again.
}

void EngineLink::takeJob(const Json& job) {
    if (textOf(job, "run") != run_ || run_.isEmpty()) return;
    const QString state = textOf(job, "state");
    if (state == "queued" || state == "running" || state == "paused") return;
    const QString text = textOf(job, "text");
    if (state == "failed" && !text.isEmpty()) Q_EMIT problem(text);
    setPhase(JobPhase::Idle);
    study_.refresh();
}

void EngineLink::ask(JobAsked asked, const char* method) {
    if (run_.isEmpty()) return;
    asked_ = asked;
    Q_EMIT phaseChanged();
    client_.request(method, {{"run", run_.toStdString()}}, this, [this, asked](const EngineReply& reply) {
        if (reply.ok() || asked_ != asked) return;
        asked_ = JobAsked::Nothing;
        Q_EMIT problem(reply.sentence());
        Q_EMIT phaseChanged();
    });
}

void EngineLink::change(const QString& field, double value) {
    const Json params = {{"run", run_.toStdString()}, {"field", field.toStdString()}, {"value", value}};
    client_.request("job/set", params, this, [this, field](const EngineReply& reply) {
        if (!reply.ok()) return Q_EMIT problem(reply.sentence());
        Q_EMIT changeAcknowledged(field, textOf(reply.result, "takes_effect"));
    });
}

void EngineLink::onDied(const QString& sentence) {
    QString text = sentence;
    if (!run_.isEmpty()) {
        lost_ = run_;
        lost_job_ = job_;
        text += " " + tr("Everything the job had written is in its run file; Resume continues it from there.");
    }
    setPhase(JobPhase::NoEngine);
    Q_EMIT engineChanged();
    Q_EMIT lost(text);
    study_.refresh();
}

void EngineLink::shutdown() { client_.stop(); }

}  // namespace fm
