// The study of the first start: the small teacher that ships with the program, with its branch set and recorded runs.
#pragma once

#include <QString>

#include <nlohmann/json_fwd.hpp>

namespace fm {

// In the user's data folder.
QString builtInStudyFolder();

// Makes it where there is none yet, from `resources` (the program's own folder of models, text and recorded runs); no
// engine is needed. False with a sentence in `why` when that cannot be done.
bool makeBuiltInStudy(const QString& folder, const QString& resources, QString& why);

// What study/create takes to make it without recorded runs.
nlohmann::json builtInStudyParams(const QString& folder, const QString& resources);

}  // namespace fm
