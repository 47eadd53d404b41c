// A study of many runs, as large as one that has been used for months.
#pragma once

#include <QString>

class QTemporaryDir;

namespace fixture {

// `count` runs made of the built-in study's recorded ones: real tables, real columns, real rows; probes of other plans
// with other results. Returns the study's folder.
QString writeManyRuns(const QTemporaryDir& folder, int count);

}  // namespace fixture
