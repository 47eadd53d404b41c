// One retrieval sample of an eval run, made again from its seed.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "app/cli/study_session.h"

namespace fm::cli {

// `index`: row of the run's table "samples". Prompt with ids, where the needle stands, expected and given answer, the
// teacher's answer to the same prompt, and the gates of the study's newest gate run. Throws InputError, FormatError.
nlohmann::json sampleReport(StudySession& session, const std::string& run_path, std::int64_t index);

}  // namespace fm::cli
