// One retrieval sample of an eval run, made again from its seed.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "core/jobs/study_session.h"

namespace fm {

// `index`: row of the run's table "samples". Prompt with ids, where the needle stands, expected and given answer, the
// teacher's answer to the same prompt, and the gates of the study's newest gate run. Throws InputError, FormatError.
nlohmann::json sampleReport(StudySession& session, const std::string& run_path, std::int64_t index);

}  // namespace fm
