// What only the engine can tell about a sample (sample/get): the prompt is made again from its seed.
#pragma once

#include <QString>
#include <nlohmann/json_fwd.hpp>
#include <utility>
#include <vector>

namespace fm {

struct SampleDetail {
    QString prompt;
    std::vector<std::pair<qsizetype, qsizetype>> needle;  // begin and end in `prompt` of each statement asked for
    QString teacher;                                      // the teacher's answer
    std::vector<double> gates;                            // one per layer; empty when the study has no gate run
    QString gate_run;                                     // its id, or what it is called
};

// The result of sample/get. What is missing, out of range or of another type stays empty.
SampleDetail sampleDetail(const nlohmann::json& result);

}  // namespace fm
