// The gates of one run, step by step, as plain numbers; shared by the figures that show them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "widgets/plots/chunked_column.h"

namespace fm {

class GateHistory {
public:
    explicit GateHistory(int num_layers)
        : num_layers_(num_layers), alpha_(static_cast<std::size_t>(std::max(0, num_layers))) {}

    // `alpha` holds one value per layer for each step, row-major. Steps must grow; a row that does not advance, and
    // anything after a row of the wrong width, is left out.
    void append(std::span<const double> steps, std::span<const float> alpha);

    int numLayers() const { return num_layers_; }
    std::size_t numSteps() const { return steps_.size(); }
    const ChunkedColumn<double>& steps() const { return steps_; }
    float alpha(std::size_t row, int layer) const { return alpha_[static_cast<std::size_t>(layer)][row]; }
    // Row of the newest step at or before `step`; the first row before that; nothing while empty.
    std::optional<std::size_t> rowAt(double step) const;
    // Where the cell of a row ends along the step axis: at the next step.
    double cellEnd(std::size_t row) const;

private:
    int num_layers_;
    ChunkedColumn<double> steps_;
    std::vector<ChunkedColumn<float>> alpha_;  // per layer, since figures walk along the steps of one
};

// What the plan at the cursor looks like in a figure of layers; one entry per layer, or empty.
struct LayerMarks {
    std::vector<bool> full;
    std::vector<bool> selected;
    std::vector<bool> pinned;

    bool isFull(int layer) const { return at(full, layer); }
    bool isSelected(int layer) const { return at(selected, layer); }
    bool isPinned(int layer) const { return at(pinned, layer); }

private:
    static bool at(const std::vector<bool>& marks, int layer) {
        return layer >= 0 && static_cast<std::size_t>(layer) < marks.size() && marks[static_cast<std::size_t>(layer)];
    }
};

}  // namespace fm
