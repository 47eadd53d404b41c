// One curve of a CurvePlot with its data and graphs; included by that class's .cpp files only.
#pragma once

#include "widgets/plots/chart_parts.h"
#include "widgets/plots/curve_plot.h"

namespace fm {

struct CurvePlot::Curve {
    CurveSpec spec;
    int position = 0;
    SeriesTiers raw;
    SeriesTiers average;
    DebiasedEma ema;
    bool shown = true;
    QCPGraph* raw_graph = nullptr;
    QCPGraph* average_graph = nullptr;
    QCPGraph* band_low = nullptr;
    QCPGraph* band_high = nullptr;
};

}  // namespace fm
