// What the figures of the comparison show, out of its entries.
#pragma once

#include <QStringList>
#include <vector>

#include "widgets/models/compare_entries.h"
#include "widgets/plots/parallel_plot.h"
#include "widgets/plots/pareto_plot.h"
#include "widgets/state/paired_differences.h"
#include "widgets/state/recall_predictor.h"

namespace fm {

// Measured entries of known cost; an entry without a measured recall has no point.
std::vector<ParetoPoint> paretoPoints(const std::vector<CompareEntry>& entries, bool from_eval,
                                      const QStringList& selected, PairedDifferences& differences);
// The plan under the user's hands while nobody has measured it.
ParetoPoint predictedPoint(const PlanCost& cost, const Prediction& prediction);

// Axes on which at least one entry has a value, and one line per entry.
struct ParallelFigure {
    std::vector<ParallelAxis> axes;
    std::vector<ParallelLine> lines;
};
ParallelFigure parallelFigure(const std::vector<CompareEntry>& entries, const StudyState& study,
                              const QStringList& selected);

}  // namespace fm
