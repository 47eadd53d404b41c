// How a run is called on screen: when it started and which job it was, or the name its user gave it.
#pragma once

#include <QString>

namespace fm {

struct RunEntry;
class StudyState;

// "14:02 gates" today, "2 Mar gates" this year, "2 Mar 2025 gates" before; the id when that holds no time.
QString runTitle(const RunEntry& run);
// The user's name for it, else "2 Mar 14:02 gates": tells runs of one day apart.
QString runLongTitle(const RunEntry& run);
// The same of a run by its id; the id when the study does not list it (yet).
QString runLongTitle(const StudyState& study, const QString& run_id);

}  // namespace fm
