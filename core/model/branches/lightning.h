// Lightning as a branch: one fixed decay per head, the same in every layer.
#pragma once

#include "core/model/branches/mixer.h"

namespace fm {

const Mixer& lightningMixer();

}  // namespace fm
