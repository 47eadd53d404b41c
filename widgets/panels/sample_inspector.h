// One sample in full: the prompt with its needle marked, what was expected, what the run's hybrid and the teacher
// answered, and the gates it was answered with.
#pragma once

#include <QString>
#include <QWidget>

#include "widgets/models/samples_model.h"
#include "widgets/panels/gate_context.h"
#include "widgets/panels/sample_detail.h"

class QLabel;
class QPlainTextEdit;
class QStackedWidget;

namespace fm {

class ElidedLabel;
class ThemeSource;

class SampleInspector : public QWidget {
    Q_OBJECT
public:
    explicit SampleInspector(ThemeSource& theme, QWidget* parent = nullptr);

    void showSample(int index, const SampleRow& sample);  // from the run file; the rest follows with showDetail()
    void showDetail(const SampleDetail& detail);
    void showNote(const QString& note);  // in place of the prompt: why there is none (yet)
    void clear();
    bool isEmpty() const;   // no sample is shown
    void setLow(bool low);  // too low for the gates, which the plan strip shows, too
    GateContext& gates() { return *gates_; }

public Q_SLOTS:
    void goToNeedle();
    void goToQuestion();

private:
    QWidget* buildPage();
    void showPage(int page);
    void showGates();
    void showVerdict();
    void markNeedle();

    ThemeSource& theme_;
    QStackedWidget* pages_ = nullptr;
    QLabel* empty_ = nullptr;
    ElidedLabel* title_ = nullptr;
    QLabel* prompt_note_ = nullptr;
    QPlainTextEdit* prompt_ = nullptr;
    QLabel* expected_ = nullptr;
    QLabel* given_ = nullptr;
    QLabel* verdict_ = nullptr;
    QLabel* teacher_ = nullptr;
    QLabel* gates_title_ = nullptr;
    GateContext* gates_ = nullptr;
    SampleRow sample_;
    bool has_gates_ = false, low_ = false;
    std::vector<std::pair<qsizetype, qsizetype>> needle_;
};

}  // namespace fm
