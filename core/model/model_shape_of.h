// The sizes of a model that its cost is predicted from.
#pragma once

#include "core/formats/model_config.h"
#include "core/plan/model_shape.h"

namespace fm {

ModelShape shapeOf(const ModelConfig& config);

}  // namespace fm
