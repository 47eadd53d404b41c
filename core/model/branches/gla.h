// Gated linear attention as a branch: the decay of every key channel is a projection of low rank of the layer input.
//   g = logsigmoid(W1 W0 x + b) / 16        (FLA's gla; resources/handbook/method.md, "Branches")
#pragma once

#include "core/model/branches/mixer.h"

namespace fm {

const Mixer& glaMixer();

}  // namespace fm
