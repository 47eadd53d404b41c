// The run of one job that a view shows beside the shown run: the shown one when it is of that job, else the newest of
// the study.
#pragma once

#include <QObject>
#include <QString>
#include <QTimer>

#include "widgets/state/run_source.h"

namespace fm {

class StudyState;

// Thread: the window's.
class CompanionRun : public QObject {
    Q_OBJECT
public:
    // Another file is opened `wait_ms` later, in a pass of the event loop of its own: no two companions at once.
    CompanionRun(const RunData& shown, const StudyState& study, const QString& job, int wait_ms = 60,
                 QObject* parent = nullptr);

    const RunData* data() const { return data_; }  // null: the study has none

Q_SIGNALS:
    void changed();  // data() is another run; rows are announced by the data itself

private:
    void follow();
    void open();

    const RunData& shown_;
    const StudyState& study_;
    QString job_, id_;
    RunSource own_;
    QTimer open_;
    const RunData* data_ = nullptr;
};

}  // namespace fm
