// Small changes of a plan that several rules make.
#pragma once

#include <cstddef>

#include "core/plan/plan.h"

namespace fm {

inline Plan planOfOneKind(int num_layers, LayerKind kind) {
    Plan plan;
    plan.kinds.assign(static_cast<std::size_t>(num_layers), kind);
    return plan;
}

inline Plan withLayer(Plan plan, int layer, LayerKind kind) {
    plan.kinds[static_cast<std::size_t>(layer)] = kind;
    return plan;
}

}  // namespace fm
