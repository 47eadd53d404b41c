// The study of the first start: the small teacher that ships with the program, with its branch set and recorded runs.
#pragma once

#include <QString>

namespace fm {

// In the user's data folder.
QString builtInStudyFolder();

// Makes it where there is none yet, from `resources` (the program's own folder of models, text and recorded runs); no
// engine is needed. False with a sentence in `why` when that cannot be done.
bool makeBuiltInStudy(const QString& folder, const QString& resources, QString& why);

}  // namespace fm
