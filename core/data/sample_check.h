// What must hold for every sample of every task. Debug builds assert it for each sample of a batch; tests call it.
#pragma once

#include <string>

#include "core/data/sample.h"

namespace fm {

// Empty when all is well, else a sentence: answers lie inside the sequence, ascend and do not overlap; their tokens
// decode to their text; each answer's words stand in the context at needle_begin or after it; the sequence is no longer
// than asked for, and the answer budget fits; every answer belongs to one question.
std::string checkSample(const Sample& sample, const Tokenizer& tokenizer);

}  // namespace fm
