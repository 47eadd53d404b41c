#include "widgets/models/run_title.h"

#include <QLocale>

#include "widgets/state/study_state.h"

namespace fm {

static QString titled(const RunEntry& run, const QString& time_form) {
    if (!run.started.isValid()) return QString::fromStdString(run.summary.run_id);
    const QString time = QLocale::c().toString(run.started.toLocalTime(), time_form);
    const QString job = QString::fromStdString(run.summary.job);
    return job.isEmpty() ? time : time + QChar(' ') + job;
}

QString runTitle(const RunEntry& run) {
    const QDate day = run.started.toLocalTime().date();
    const QDate today = QDate::currentDate();
    if (day == today) return titled(run, QStringLiteral("hh:mm"));
    return titled(run, day.year() == today.year() ? QStringLiteral("d MMM") : QStringLiteral("d MMM yyyy"));
}

QString runLongTitle(const RunEntry& run) {
    if (!run.label.name.empty()) return QString::fromStdString(run.label.name);
    const bool is_today = run.started.toLocalTime().date() == QDate::currentDate();
    return titled(run, is_today ? QStringLiteral("hh:mm") : QStringLiteral("d MMM hh:mm"));
}

QString runLongTitle(const StudyState& study, const QString& run_id) {
    const RunEntry* run = study.run(run_id);
    return run == nullptr ? run_id : runLongTitle(*run);
}

}  // namespace fm
