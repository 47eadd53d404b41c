// study.json and back. Private to core/store.
#pragma once

#include <string>

#include "core/store/study.h"

namespace fm {

std::string studyToJson(const StudyInfo& info);
// Every byte is hostile: FormatError "<key>: <what is wrong>", without a path.
StudyInfo studyFromJson(const std::string& text);

}  // namespace fm
