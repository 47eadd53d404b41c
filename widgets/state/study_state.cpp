#include "widgets/state/study_state.h"

#include <QDir>
#include <QFileInfo>
#include <algorithm>
#include <chrono>
#include <utility>

#include "core/run/error.h"
#include "core/run/run_id.h"
#include "core/store/run_reader.h"

namespace fm {

using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::milliseconds kDeliverEvery{150};

// "20260314T150926Z-gates-3fa9c1"
QDateTime startedOf(const std::string& run_id) {
    if (!isRunId(run_id)) return {};
    QDateTime time = QDateTime::fromString(QString::fromStdString(run_id.substr(0, 15)), "yyyyMMdd'T'HHmmss");
    time.setTimeSpec(Qt::UTC);
    return time;
}

}  // namespace

struct StudyState::Known {
    qint64 modified_ms = 0;
    bool finished = false;  // nothing more will come
    RunEntry entry;
    Measurements measured;
};

struct StudyState::Loaded {
    std::map<QString, std::shared_ptr<const Known>> files;
    bool complete = false;
};

static qint64 modifiedOf(const QString& path) { return QFileInfo(path).lastModified().toMSecsSinceEpoch(); }

StudyState::StudyState(QObject* parent) : QObject(parent) {}
StudyState::~StudyState() { loader_ = {}; }

QString StudyState::folder() const { return study_ ? QString::fromStdString(study_->folder()) : QString(); }

QString StudyState::name() const {
    if (!study_) return {};
    if (!study_->info().name.empty()) return QString::fromStdString(study_->info().name);
    return QFileInfo(QDir::cleanPath(folder())).fileName();
}

const StudyInfo& StudyState::info() const {
    static const StudyInfo kNone;
    return study_ ? study_->info() : kNone;
}

bool StudyState::open(const QString& folder) {
    std::optional<Study> study;
    problem_.clear();
    try {
        study = Study::open(QDir::cleanPath(folder).toStdString());
    } catch (const WorldError& error) {
        problem_ = QString::fromStdString(error.what());
        Q_EMIT problemRaised(problem_);
        return false;
    }
    close();
    study_ = std::move(study);
    Q_EMIT opened();
    Q_EMIT runsChanged();
    refresh();
    return true;
}

void StudyState::close() {
    ++generation_;
    loader_ = {};  // asks it to stop and waits: for one file at most
    loading_ = again_ = false;
    study_.reset();
    known_.clear();
    runs_.clear();
    measurements_ = {};
    shape_.reset();
    tasks_.clear();
    lengths_.clear();
}

void StudyState::refresh() {
    if (!study_) return;
    if (loading_) {
        again_ = true;
        return;
    }
    loading_ = true;
    std::vector<std::string> paths;
    try {
        paths = study_->runPaths();
    } catch (const WorldError& error) {
        loading_ = false;
        Q_EMIT problemRaised(QString::fromStdString(error.what()));
        return;
    }
    std::reverse(paths.begin(), paths.end());  // the newest is wanted first
    const auto load = [this, paths, known = known_, generation = generation_](std::stop_token stop) {
        Loaded loaded;
        const auto deliver = [&] {
            QMetaObject::invokeMethod(
                this,
                [this, loaded, generation] {
                    if (generation == generation_) take(loaded);
                },
                Qt::QueuedConnection);
        };
        Clock::time_point delivered = Clock::now();
        for (const std::string& each : paths) {
            if (stop.stop_requested()) return;
            const QString path = QString::fromStdString(each);
            const auto found = known.find(path);
            const qint64 modified = modifiedOf(path);
            const bool same = found != known.end() && found->second->finished && found->second->modified_ms == modified;
            loaded.files[path] = same ? found->second : readRun(path, modified);
            if (Clock::now() - delivered < kDeliverEvery) continue;
            delivered = Clock::now();
            deliver();
        }
        loaded.complete = true;
        deliver();
    };
    loader_ = std::jthread(load);
}

std::shared_ptr<const StudyState::Known> StudyState::readRun(const QString& path, qint64 modified_ms) {
    auto known = std::make_shared<Known>();
    known->modified_ms = modified_ms;
    try {
        const RunReader reader(path.toStdString());
        known->entry.summary = summarizeRun(reader);
        known->entry.figures = figuresOf(reader);
        known->measured = measurementsOf(reader);
        known->entry.live = !isTerminal(reader.state()) && reader.hasLiveWriter();
        known->finished = !known->entry.live;  // until the file changes
    } catch (const WorldError& error) {
        known->entry.summary = {.path = path.toStdString(),
                                .run_id = QFileInfo(path).completeBaseName().toStdString(),
                                .problem = error.what()};
        known->finished = true;
    }
    known->entry.started = startedOf(known->entry.summary.run_id);
    return known;
}

void StudyState::take(const Loaded& loaded) {
    if (loaded.complete && loaded.files == known_) {  // nothing new
        loading_ = false;
        if (std::exchange(again_, false)) refresh();
        return;
    }
    if (loaded.complete) {
        known_ = loaded.files;
    } else {
        for (const auto& [path, known] : loaded.files) known_[path] = known;
    }
    runs_.clear();
    Measurements measured;
    for (const auto& [path, known] : known_) {  // in order of name, which is order of time
        RunEntry entry = known->entry;
        const auto label = info().labels.find(entry.summary.run_id);
        if (label != info().labels.end()) entry.label = label->second;
        runs_.push_back(std::move(entry));
        addMeasurements(known->measured, measured);
    }
    const bool changed = measured.plans.size() != measurements_.plans.size() ||
                         measured.branches != measurements_.branches ||
                         measured.effects.extra.size() != measurements_.effects.extra.size() ||
                         measured.effects.single.size() != measurements_.effects.single.size();
    measurements_ = std::move(measured);
    if (loaded.complete) loading_ = false;
    Q_EMIT runsChanged();
    if (changed) Q_EMIT measurementsChanged();
    if (loaded.complete && std::exchange(again_, false)) refresh();
}

const RunEntry* StudyState::run(const QString& run_id) const {
    const std::string id = run_id.toStdString();
    const auto found =
        std::find_if(runs_.begin(), runs_.end(), [&id](const RunEntry& run) { return run.summary.run_id == id; });
    return found == runs_.end() ? nullptr : &*found;
}

QString StudyState::runPath(const QString& run_id) const {
    if (const RunEntry* entry = run(run_id)) return QString::fromStdString(entry->summary.path);
    if (!study_ || !isRunId(run_id.toStdString())) return {};
    return QString::fromStdString(study_->runPath(run_id.toStdString()));
}

QString StudyState::newestRun(const QString& job) const {
    QString found;
    for (const RunEntry& run : runs_) {
        if (!run.summary.problem.empty() || QString::fromStdString(run.summary.job) != job) continue;
        const bool has_rows = std::any_of(run.summary.rows.begin(), run.summary.rows.end(),
                                          [](const auto& table) { return table.second > 0; });
        if (has_rows || found.isEmpty()) found = QString::fromStdString(run.summary.run_id);
    }
    return found;
}

void StudyState::setModel(const ModelShape& shape, const QStringList& tasks, const std::vector<int>& lengths) {
    shape_ = shape;
    tasks_ = tasks;
    lengths_ = lengths;
    Q_EMIT modelChanged();
}

void StudyState::changeInfo(const std::function<void(StudyInfo&)>& change) {
    if (!study_) return;
    try {
        study_->update(change);
    } catch (const WorldError& error) {
        Q_EMIT problemRaised(QString::fromStdString(error.what()));
    }
}

void StudyState::setLabel(const QString& id, const Label& label) {
    changeInfo([&](StudyInfo& info) {
        if (label == Label{}) {
            info.labels.erase(id.toStdString());
        } else {
            info.labels[id.toStdString()] = label;
        }
    });
    for (RunEntry& run : runs_) {
        if (run.summary.run_id == id.toStdString()) run.label = label;
    }
    Q_EMIT runsChanged();
}

void StudyState::setNotes(const QString& notes) {
    changeInfo([&](StudyInfo& info) { info.notes = notes.toStdString(); });
}

}  // namespace fm
