// The open study and its runs, as lists and tables show them.
#pragma once

#include <QDateTime>
#include <QObject>
#include <QString>
#include <QStringList>
#include <QTimer>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/run/model_shape.h"
#include "core/store/study.h"
#include "widgets/state/measured_plans.h"

namespace fm {

// The figures a list shows beside a run: the newest of its kind in the run file. Absent where the job has none.
struct RunFigures {
    std::string plan;  // key
    std::optional<int> budget;
    std::optional<double> recall, recall_half_width;  // exact match of a probe, or recall of an evaluation
    std::optional<double> answer_kl, text_kl;
};

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
    const QStringList& lengths() const { return lengths_; }
    void setModel(const ModelShape& shape, const QStringList& tasks, const QStringList& lengths);

    void setLabel(const QString& id, const Label& label);  // stored in study.json; problemRaised() when it cannot be
    void setNotes(const QString& notes);

Q_SIGNALS:
    void opened();  // another study (or none)
    void runsChanged();
    void modelChanged();
    void measurementsChanged();
    void problemRaised(const QString& sentence);

private:
    struct Loaded;
    struct Loader;
    void take(std::shared_ptr<Loaded> loaded);
    void changeInfo(const std::function<void(StudyInfo&)>& change);

    std::optional<Study> study_;
    QString problem_;
    std::vector<RunEntry> runs_;
    Measurements measurements_;
    std::optional<ModelShape> shape_;
    QStringList tasks_, lengths_;
    std::unique_ptr<Loader> loader_;
    int generation_ = 0;  // results of an earlier study are dropped
    bool loading_ = false, again_ = false;
};

}  // namespace fm
