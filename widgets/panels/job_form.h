// The settings of a job, generated from the engine's list of its fields, with every problem shown at its field.
//
// Wiring: JobForm(). The window asks the engine for spec/defaults and gives the result to setJob(), answers
// validateWanted() with spec/validate -> setProblems(), startRequested() with job/start, and, while the job runs and
// setLiveRun() was called, liveChangeRequested() with job/set -> setTakesEffect(). setSuggestions() offers names
// (tasks, branch sets, runs, hybrids) while typing.
#pragma once

#include <QTimer>
#include <QWidget>
#include <map>
#include <vector>

#include "core/base/error.h"
#include "widgets/panels/form_field.h"

class QFormLayout;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;
class QScrollArea;
class QToolButton;

namespace fm {

class FieldEditor;

class JobForm : public QWidget {
    Q_OBJECT
public:
    explicit JobForm(QWidget* parent = nullptr);

    void setStudy(const QString& folder);  // for the command line
    // `defaults`: the result of spec/defaults. What both jobs work on (tasks, branches, budget) stays as typed;
    // sizes do not.
    void setJob(const QString& job, const nlohmann::json& defaults);
    void setSpec(const nlohmann::json& spec);  // e.g. of an earlier run; fields it does not name get their default
    void setSuggestions(const QString& field, const QStringList& words);
    // The answer of spec/validate: all problems at once, and the complete spec.
    void setProblems(const std::vector<Problem>& problems, const nlohmann::json& complete_spec);
    void setCanStart(bool can_start, const QString& why_not = {});
    // A job of this kind is running: its live fields can be changed, each by Enter. Empty: none.
    void setLiveRun(const QString& run_id);
    void setTakesEffect(const QString& field, const QString& when);  // "next step": said at the field

    const QString& job() const { return job_; }
    nlohmann::json spec() const;  // every field
    // What differs from the usual. The rest is left to the engine, whose usual settings depend on some fields: those of
    // the mode "paper" are others.
    nlohmann::json changedSpec() const;
    QString command() const;  // the command line that does the same
    FieldEditor* editor(const QString& field) const;

Q_SIGNALS:
    void validateWanted(const QString& job, const nlohmann::json& spec);  // 250 ms after the last change
    void startRequested(const QString& job, const nlohmann::json& spec);
    void liveChangeRequested(const QString& run_id, const QString& field, const nlohmann::json& value);

private:
    QLayout* buildHead();
    QLayout* buildFoot();
    void addField(const FormField& field, QFormLayout& layout);
    void changed();
    void applyPreset(const QString& preset);
    void filterFields(const QString& words);
    void showSpec();
    void showProblemCount();
    void requestStart();

    QString study_, job_, live_run_, why_not_;
    std::vector<FormField> fields_;
    std::map<QString, FieldEditor*> editors_;
    std::map<QString, QStringList> suggestions_;
    nlohmann::json complete_spec_;
    QTimer validate_timer_;
    bool can_start_ = true;
    std::size_t num_problems_ = 0;

    QLabel* title_ = nullptr;
    QLineEdit* find_ = nullptr;
    QScrollArea* scroll_ = nullptr;
    QFormLayout* form_ = nullptr;
    QPlainTextEdit* json_view_ = nullptr;
    QToolButton* json_button_ = nullptr;
    QLabel* other_problems_ = nullptr;
    QPushButton* start_button_ = nullptr;
};

}  // namespace fm
