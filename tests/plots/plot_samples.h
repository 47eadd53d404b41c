// Every figure with fixed, invented numbers: what the goldens show and what the behaviour tests use.
#pragma once

#include <QString>

#include <functional>
#include <memory>
#include <vector>

#include "widgets/plots/plot_frame.h"

namespace fm {
class GateHistory;
}

namespace fm::samples {

// 30 layers over 1,500 steps that fall from 1 towards values of their own.
std::shared_ptr<const GateHistory> gates();

struct Sample {
    const char* name;  // of the golden picture
    std::function<std::unique_ptr<PlotFrame>(const ThemeSource&)> make;
};

std::vector<Sample> all();

}  // namespace fm::samples
