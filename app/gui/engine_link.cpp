#include "app/gui/engine_link.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <variant>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "widgets/client/command_words.h"
#include "widgets/client/engine_client.h"
#include "widgets/panels/json_text.h"
#include "widgets/state/run_source.h"
#include "widgets/state/study_state.h"

namespace fm {

using Json = nlohmann::json;
using namespace std::chrono_literals;

namespace {

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
        askForStudy();
    });
    connect(&client_, &EngineClient::died, this, &EngineLink::onDied);
    connect(&client_, &EngineClient::stopped, this, [this] {
        setPhase(JobPhase::NoEngine);
        Q_EMIT ended();
    });
    connect(&client_, &EngineClient::eventsReceived, this, &EngineLink::takeEvents);
    connect(&client_, &EngineClient::jobChanged, this, &EngineLink::takeJob);
    connect(&client_, &EngineClient::problem, this, [this](Severity, const QString& text) { Q_EMIT problem(text); });
}

void EngineLink::start(const QString& command) {
    command_ = command;
    client_.start(command.isEmpty() ? QCoreApplication::applicationDirPath() + "/flashmorph" : command);
}

bool EngineLink::ready() const { return client_.isReady(); }

QString EngineLink::where() const {
    const QStringList words = commandWords(client_.command()).value_or(QStringList());
    if (const QString host = sshHost(words); !host.isEmpty()) return "ssh " + host;
    return mirror_ && !words.isEmpty() ? QFileInfo(words[0]).fileName() : tr("local");
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
    return textAt(devices.back(), "text");  // the fastest stands last
}

void EngineLink::setPhase(JobPhase phase) {
    phase_ = phase;
    if (phase != JobPhase::Running || asked_ != JobAsked::Step) asked_ = JobAsked::Nothing;
    if (phase == JobPhase::Idle || phase == JobPhase::NoEngine) run_.clear();
    Q_EMIT phaseChanged();
}

void EngineLink::openStudy(const QString& folder_there) {
    there_ = folder_there;
    if (!mirror_ || mirror_->place() != StudyPlace{command_, there_}) mirror_.reset();
    askForStudy();
}

void EngineLink::askForStudy() {
    if (phase_ == JobPhase::Idle) setPhase(JobPhase::NoEngine);  // until the engine knows this study
    if (!client_.isReady() || there_.isEmpty()) return;
    const Json params = {{"path", there_.toStdString()}};
    client_.request("study/open", params, this, [this](const EngineReply& reply) { studyOpened(reply); });
}

// The folder that the engine has opened is shown itself when this side sees the very same one, else a copy of it.
bool EngineLink::mirrorStudy(const Json& study) {
    const std::string place = textAt(study, "place").toStdString();
    const bool same = study_.isOpen() && QFileInfo(study_.folder()) == QFileInfo(there_) &&
                      (place.empty() ? isProgramBeside() : place == folderPlace(study_.folder().toStdString()));
    if (same) {
        mirror_.reset();
        return true;
    }
    const StudyPlace where{command_, textAt(study, "path")};
    try {
        StudyMirror::write(where, study);
    } catch (const WorldError& error) {
        Q_EMIT problem(QString::fromStdString(error.what()));
        return false;
    }
    there_ = where.study;
    if (!mirror_ || mirror_->place() != where) {
        mirror_ = std::make_unique<StudyMirror>(client_, where);
        connect(mirror_.get(), &StudyMirror::problem, this, &EngineLink::problem);
        connect(mirror_.get(), &StudyMirror::changed, &study_, &StudyState::refresh);
    }
    const bool other = study_.folder() != mirror_->folder();
    if (other && !study_.open(mirror_->folder())) return false;
    keepLabelsThere();
    if (other) Q_EMIT studyMirrored(mirror_->folder());
    mirror_->look();
    return true;
}

void EngineLink::keepLabelsThere() {
    study_.setLabelKeeper(
        [this](const QString& id, const Label& label, const auto& done) { keepLabel(id, label, done); });
}

void EngineLink::keepLabel(const QString& id, const Label& label, std::function<void(const QString&)> done) {
    if (mirror_) return mirror_->setLabel(id, label, this, std::move(done));
    done(
        tr("This is a copy of a study on another machine; its names, tags, notes and archive can be changed when its "
           "engine runs."));
}

// What jobs have left at the other side: their runs, and what study.json says about them.
void EngineLink::lookForRuns() {
    study_.refresh();
    if (!mirror_ || !client_.isReady()) return;
    const Json params = {{"path", there_.toStdString()}};
    client_.request("study/open", params, this, [this](const EngineReply& reply) {
        if (!reply.ok() || !mirror_) return;
        mirrorStudy(reply.result.value("study", Json::object()));
        study_.refresh();
    });
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
    if (!mirrorStudy(reply.result.value("study", Json::object()))) return;
    Q_EMIT engineChanged();  // whether the study is here tells where the engine is
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
        run_ = textAt(reply.result, "run");
        if (phase_ == JobPhase::Starting && textAt(reply.result, "state") == "queued") Q_EMIT phaseChanged();
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
    if (textAt(job, "run") != run_ || run_.isEmpty()) return;
    const QString state = textAt(job, "state");
    if (state == "queued" || state == "running" || state == "paused") return;
    const QString text = textAt(job, "text");
    if (state == "failed" && !text.isEmpty()) Q_EMIT problem(text);
    setPhase(JobPhase::Idle);
    lookForRuns();
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
        Q_EMIT changeAcknowledged(field, textAt(reply.result, "takes_effect"));
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
