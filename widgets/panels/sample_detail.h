// What only the engine can tell about a sample (sample/get): the prompt is made again from its seed.
#pragma once

#include <QString>
#include <nlohmann/json_fwd.hpp>
#include <vector>

namespace fm {

struct SampleDetail {
    QString prompt;
    qsizetype needle_begin = -1, needle_end = -1;  // characters of the prompt; -1: unknown
    QString teacher;                               // the teacher's answer
    std::vector<double> gates;                     // one per layer; empty when the study has no gate run
    QString gate_run;                              // its id, or what it is called
};

// The result of sample/get. What is missing or of another type stays empty. The engine says in which token the needle
// begins; the characters are those of the expected answer that stand nearest to it.
SampleDetail sampleDetail(const nlohmann::json& result);

}  // namespace fm
