#include "widgets/state/companion_run.h"

#include "widgets/state/study_state.h"

namespace fm {

CompanionRun::CompanionRun(const RunData& shown, const StudyState& study, const QString& job, int wait_ms,
                           QObject* parent)
    : QObject(parent), shown_(shown), study_(study), job_(job) {
    open_.setSingleShot(true);
    open_.setInterval(wait_ms);
    connect(&open_, &QTimer::timeout, this, &CompanionRun::open);
    connect(&shown_, &RunData::wasReset, this, &CompanionRun::follow);
    connect(&study_, &StudyState::runsChanged, this, &CompanionRun::follow);
    connect(&study_, &StudyState::opened, this, &CompanionRun::follow);
    follow();
}

void CompanionRun::follow() {
    const bool is_shown = shown_.isOpen() && shown_.job() == job_;
    const QString id = is_shown ? shown_.runId() : study_.newestRun(job_);
    const bool was_shown = data_ == &shown_;
    if (id == id_ && is_shown == was_shown) return;
    id_ = id;
    data_ = is_shown ? &shown_ : nullptr;
    own_.close();
    open_.stop();
    if (!is_shown && !id.isEmpty()) open_.start();
    Q_EMIT changed();
}

void CompanionRun::open() {
    if (!own_.openFile(study_.runPath(id_))) return;
    data_ = &own_.data();
    Q_EMIT changed();
}

}  // namespace fm
