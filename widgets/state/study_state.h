// The open study and its runs, as lists and tables show them.
#pragma once

#include <QDateTime>
#include <QObject>
#include <QString>
#include <QStringList>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "core/run/model_shape.h"
#include "core/store/study.h"
#include "widgets/state/measured_plans.h"
#include "widgets/state/run_figures.h"

namespace fm {

struct RunEntry {
    RunSummary summary;
    RunFigures figures;
    Label label;        // name, notes, tags; the tag "archived" hides a run
    QDateTime started;  // from the run id, UTC
    bool live = false;  // being written now
};

// Reads run files on a thread of its own; the list is replaced as a whole. Thread: the window's.
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

    void setLabel(const QString& id, const Label& label);  // stored in study.json; problemRaised() when it cannot be
    void setNotes(const QString& notes);

Q_SIGNALS:
    void opened();  // another study (or none)
    void runsChanged();
    void modelChanged();
    void measurementsChanged();
    void problemRaised(const QString& sentence);

private:
    struct Known;   // what is known of one run file
    struct Loaded;  // of all, so far
    static std::shared_ptr<const Known> readRun(const QString& path, qint64 modified_ms);
    void take(const Loaded& loaded);
    void changeInfo(const std::function<void(StudyInfo&)>& change);

    std::optional<Study> study_;
    QString problem_;
    std::vector<RunEntry> runs_;
    Measurements measurements_;
    std::optional<ModelShape> shape_;
    QStringList tasks_;
    std::vector<int> lengths_;
    std::map<QString, std::shared_ptr<const Known>> known_;  // by path
    std::jthread loader_;
    int generation_ = 0;  // results of an earlier study are dropped
    bool loading_ = false, again_ = false;
};

}  // namespace fm
