// The open study and its runs, as lists and tables show them.
#pragma once

#include <QDateTime>
#include <QObject>
#include <QString>
#include <QStringList>
#include <QTimer>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/plan/model_shape.h"
#include "core/store/study.h"
#include "widgets/state/measured_plans.h"
#include "widgets/state/run_figures.h"
#include "widgets/state/run_spec.h"

namespace fm {

struct RunEntry {
    RunSummary summary;
    std::shared_ptr<const SpecFields> spec = noSpec();  // never null
    RunFigures figures;
    Label label;           // name, notes, tags; the tag "archived" hides a run
    QDateTime started;     // from the run id, UTC
    bool live = false;     // being written now
    bool copying = false;  // a copy that is not complete yet: what it lacks says nothing about the run
};

QDateTime startedOf(const std::string& run_id);  // invalid when it is no run id

// Reads run files on a thread of its own, newest first; what has been read joins the list several times a second.
// Thread: the window's.
class StudyState : public QObject {
    Q_OBJECT
public:
    explicit StudyState(QObject* parent = nullptr);
    ~StudyState() override;

    bool isOpen() const { return study_.has_value(); }
    QString folder() const;
    QString name() const;  // its own, else the folder's
    const StudyInfo& info() const;
    const Study* study() const { return study_ ? &*study_ : nullptr; }
    const QString& problem() const { return problem_; }  // why it could not be opened

    bool open(const QString& folder);  // false: problem() says why
    void close();
    void refresh();  // looks for new and changed runs; finished files are not read again
    bool loading() const { return loading_; }

    const std::vector<RunEntry>& runs() const { return runs_; }  // in order of time, oldest first
    const RunEntry* run(const QString& run_id) const;
    QString runPath(const QString& run_id) const;
    QString newestRun(const QString& job) const;  // id; empty: none. Prefers runs with rows
    const Measurements& measurements() const { return measurements_; }

    // Known once the engine has opened the study (or from an earlier session).
    const std::optional<ModelShape>& shape() const { return shape_; }
    const QStringList& tasks() const { return tasks_; }
    const std::vector<int>& lengths() const { return lengths_; }  // tokens
    void setModel(const ModelShape& shape, const QStringList& tasks, const std::vector<int>& lengths);

    // Stored in study.json, or where the keeper keeps it; problemRaised() when it cannot be.
    void setLabel(const QString& id, const Label& label);
    // Of a study that is a copy: stores labels where they belong. done(sentence) is to be called once, empty: it did.
    using LabelKeeper = std::function<void(const QString& id, const Label&, std::function<void(const QString&)> done)>;
    void setLabelKeeper(LabelKeeper keeper) { keeper_ = std::move(keeper); }
    void setNotes(const QString& notes);

Q_SIGNALS:
    void opened();  // another study (or none)
    void runsChanged();
    void modelChanged();
    void measurementsChanged();
    void problemRaised(const QString& sentence);

private:
    struct Known;  // what is known of one run file
    struct Tray;   // what the loader has read and the window has not taken yet
    using Files = std::map<std::string, std::shared_ptr<const Known>>;  // by path, which is order of time
    static std::shared_ptr<const Known> readRun(const std::string& path, std::int64_t modified_ms);
    static void load(std::stop_token stop, const std::vector<std::string>& paths, const Files& known, Tray& tray);
    void takeRead();
    void showRead();
    void showMeasured();
    void endLoading();
    RunEntry labelled(const RunEntry& entry) const;
    void storeLabel(const QString& id, const Label& label);
    bool reloadInfo();
    void changeInfo(const std::function<void(StudyInfo&)>& change);

    std::optional<Study> study_;
    QString problem_;
    std::vector<RunEntry> runs_;
    std::unordered_map<std::string, std::size_t> places_;  // in runs_, by run id
    Measurements measurements_;
    std::optional<ModelShape> shape_;
    QStringList tasks_;
    std::vector<int> lengths_;
    Files known_;
    std::shared_ptr<Tray> tray_;
    LabelKeeper keeper_;
    std::int64_t info_modified_ms_ = 0;
    std::jthread loader_;
    QTimer clock_;  // while loading
    std::chrono::steady_clock::time_point shown_;
    bool loading_ = false, again_ = false;
    bool read_ = false;                        // every file is
    bool changed_ = false, measured_ = false;  // what is to be told
};

}  // namespace fm
