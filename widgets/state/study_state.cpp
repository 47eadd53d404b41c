#include "widgets/state/study_state.h"

#include <QDir>
#include <QFileInfo>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <utility>

#include "core/base/error.h"
#include "core/run/run_id.h"
#include "core/store/run_mirror.h"
#include "core/store/run_reader.h"
#include "core/store/writer_lock.h"
#include "widgets/state/measured_reader.h"

namespace fm {

using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::milliseconds kShowEvery{120};
constexpr int kLookEveryMs = 8;

}  // namespace

// "20260314T150926Z-gates-3fa9c1". By hand: QDateTime::fromString looks up the time zone, which costs 50 us a run.
QDateTime startedOf(const std::string& run_id) {
    if (!isRunId(run_id)) return {};
    const auto number = [&run_id](std::size_t at, std::size_t digits) { return std::stoi(run_id.substr(at, digits)); };
    return {QDate(number(0, 4), number(4, 2), number(6, 2)), QTime(number(9, 2), number(11, 2), number(13, 2)),
            Qt::UTC};
}

struct StudyState::Known {
    std::int64_t modified_ms = 0;
    bool finished = false;  // nothing more will come
    RunEntry entry;
    Measurements measured;
};

// Thread: the loader puts, the window takes.
struct StudyState::Tray {
    std::mutex mutex;
    std::vector<std::shared_ptr<const Known>> read;
    bool complete = false;
};

static std::int64_t modifiedOf(const std::string& path) {
    std::error_code missing;
    const auto time = std::filesystem::last_write_time(path, missing).time_since_epoch();
    return missing ? 0 : std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

StudyState::StudyState(QObject* parent) : QObject(parent) {
    clock_.setInterval(kLookEveryMs);
    connect(&clock_, &QTimer::timeout, this, &StudyState::takeRead);
}
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
    reloadInfo();
    Q_EMIT opened();
    Q_EMIT runsChanged();
    refresh();
    return true;
}

void StudyState::close() {
    loader_ = {};  // asks it to stop and waits: for one file at most
    clock_.stop();
    tray_.reset();
    loading_ = again_ = read_ = changed_ = measured_ = false;
    study_.reset();
    keeper_ = nullptr;
    known_.clear();
    runs_.clear();
    places_.clear();
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
    std::vector<std::string> paths;
    try {
        paths = study_->runPaths();
    } catch (const WorldError& error) {
        Q_EMIT problemRaised(QString::fromStdString(error.what()));
        return;
    }
    loading_ = true;
    read_ = false;
    const std::size_t before = known_.size();
    std::erase_if(known_,
                  [&paths](const auto& file) { return !std::binary_search(paths.begin(), paths.end(), file.first); });
    measured_ = known_.size() != before;
    changed_ = reloadInfo() || measured_;
    shown_ = Clock::now();
    tray_ = std::make_shared<Tray>();
    std::reverse(paths.begin(), paths.end());  // the newest is wanted first
    loader_ = std::jthread([paths = std::move(paths), known = known_, tray = tray_](std::stop_token stop) {
        load(stop, paths, known, *tray);
    });
    clock_.start();
}

// Thread: the loader's.
void StudyState::load(std::stop_token stop, const std::vector<std::string>& paths, const Files& known, Tray& tray) {
    for (const std::string& path : paths) {
        if (stop.stop_requested()) return;
        const auto found = known.find(path);
        const std::int64_t modified_ms = modifiedOf(path);
        if (found != known.end() && found->second->finished && found->second->modified_ms == modified_ms) continue;
        std::shared_ptr<const Known> read = readRun(path, modified_ms);
        const std::lock_guard lock(tray.mutex);
        tray.read.push_back(std::move(read));
    }
    const std::lock_guard lock(tray.mutex);
    tray.complete = true;
}

std::shared_ptr<const StudyState::Known> StudyState::readRun(const std::string& path, std::int64_t modified_ms) {
    auto known = std::make_shared<Known>();
    known->modified_ms = modified_ms;
    RunEntry& entry = known->entry;
    // Asked before the file is read: what ends or is completed meanwhile is read again.
    const bool copying = isPartialCopy(path), written = hasLiveWriter(path);
    try {
        const RunReader reader(path, RunReader::Detail::Summary);
        entry.summary = summarizeRun(reader);
        entry.spec = std::make_shared<const SpecFields>(flatSpec(entry.summary.spec_json));
        known->measured = measurementsOf(reader, *entry.spec);
        entry.figures = figuresOf(reader, *entry.spec, known->measured);
        entry.live = !isTerminal(reader.state()) && written;
        if (written) entry.summary.interrupted = false;
        entry.copying = copying && !isTerminal(reader.state());  // the end is what is copied last
        known->finished = !entry.live && !entry.copying;         // until the file changes
    } catch (const WorldError& error) {
        entry = {};
        entry.summary.path = path;
        entry.summary.run_id = std::filesystem::path(path).stem().string();
        entry.summary.problem = error.what();
        known->finished = true;
    }
    entry.started = startedOf(entry.summary.run_id);
    return known;
}

void StudyState::takeRead() {
    if (measured_) return showMeasured();  // told in a pass of the event loop of their own
    std::vector<std::shared_ptr<const Known>> read;
    {
        const std::lock_guard lock(tray_->mutex);
        const bool due = tray_->complete || Clock::now() - shown_ >= kShowEvery;
        if (!due) return;
        read.swap(tray_->read);
        read_ = tray_->complete;
    }
    shown_ = Clock::now();
    for (std::shared_ptr<const Known>& known : read) {
        std::shared_ptr<const Known>& place = known_[known->entry.summary.path];
        measured_ |= !(place ? known->measured.sameSize(place->measured) : known->measured.empty());
        place = std::move(known);
        changed_ = true;
    }
    if (std::exchange(changed_, false)) showRead();
    if (read_ && !measured_) endLoading();
}

void StudyState::showRead() {
    runs_.clear();
    places_.clear();
    for (const auto& [path, known] : known_) {
        places_.try_emplace(known->entry.summary.run_id, runs_.size());
        runs_.push_back(labelled(known->entry));
    }
    Q_EMIT runsChanged();
}

void StudyState::showMeasured() {
    measured_ = false;
    Measurements measured;
    for (const auto& [path, known] : known_) addMeasurements(known->measured, measured);
    measurements_ = std::move(measured);
    Q_EMIT measurementsChanged();
    if (read_) endLoading();
}

void StudyState::endLoading() {
    clock_.stop();
    loading_ = false;
    if (std::exchange(again_, false)) refresh();
}

RunEntry StudyState::labelled(const RunEntry& entry) const {
    RunEntry run = entry;
    const auto label = info().labels.find(run.summary.run_id);
    if (label != info().labels.end()) run.label = label->second;
    return run;
}

const RunEntry* StudyState::run(const QString& run_id) const {
    const auto found = places_.find(run_id.toStdString());
    return found == places_.end() ? nullptr : &runs_[found->second];
}

QString StudyState::runPath(const QString& run_id) const {
    if (const RunEntry* entry = run(run_id)) return QString::fromStdString(entry->summary.path);
    if (!study_ || !isRunId(run_id.toStdString())) return {};
    return QString::fromStdString(study_->runPath(run_id.toStdString()));
}

QString StudyState::newestRun(const QString& job) const {
    const std::string name = job.toStdString();
    const RunEntry* newest = nullptr;
    for (auto run = runs_.rbegin(); run != runs_.rend(); ++run) {
        if (run->summary.job != name || !run->summary.problem.empty() || run->copying) continue;
        const bool has_rows = std::any_of(run->summary.rows.begin(), run->summary.rows.end(),
                                          [](const auto& table) { return table.second > 0; });
        if (has_rows) return QString::fromStdString(run->summary.run_id);
        if (!newest) newest = &*run;
    }
    return newest ? QString::fromStdString(newest->summary.run_id) : QString();
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

// Other programs may have changed study.json: an engine adds hybrids. True when it is another than before.
bool StudyState::reloadInfo() {
    const std::int64_t modified_ms = modifiedOf(study_->folder() + "/study.json");
    if (std::exchange(info_modified_ms_, modified_ms) == modified_ms) return false;
    try {
        study_->reload();
    } catch (const WorldError& error) {
        Q_EMIT problemRaised(QString::fromStdString(error.what()));
        return false;
    }
    return true;
}

void StudyState::setLabel(const QString& id, const Label& label) {
    if (!keeper_) return storeLabel(id, label);
    keeper_(id, label, [this, id, label](const QString& sentence) {
        if (sentence.isEmpty()) return storeLabel(id, label);
        Q_EMIT problemRaised(sentence);
        Q_EMIT runsChanged();  // editors show again what is stored
    });
}

void StudyState::storeLabel(const QString& id, const Label& label) {
    changeInfo([&](StudyInfo& info) {
        if (label == Label{}) {
            info.labels.erase(id.toStdString());
        } else {
            info.labels[id.toStdString()] = label;
        }
    });
    if (const auto found = places_.find(id.toStdString()); found != places_.end()) runs_[found->second].label = label;
    Q_EMIT runsChanged();
}

void StudyState::setNotes(const QString& notes) {
    changeInfo([&](StudyInfo& info) { info.notes = notes.toStdString(); });
}

}  // namespace fm
