// The noise sentences of RULER and of the classic pass key test.
#pragma once

namespace fm {

inline constexpr const char* kNoiseLine =
    "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again.";

}  // namespace fm
