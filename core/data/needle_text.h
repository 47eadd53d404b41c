// Where the statements that an answer rests on stand in the text of a sample.
#pragma once

#include <cstdint>
#include <vector>

#include "core/data/sample.h"

namespace fm {

struct CharacterRange {
    std::int64_t begin = 0, end = 0;
};

// In characters (Unicode code points) of decode(sample.ids), without the blank before each statement; ascending.
std::vector<CharacterRange> needleCharacters(const Sample& sample, const Answer& answer, const Tokenizer& tokenizer);

}  // namespace fm
