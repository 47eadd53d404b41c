#include "widgets/panels/strip_layout.h"

#include <algorithm>
#include <cmath>

namespace fm {

StripLayout StripLayout::wrapped(int num_layers, double width) {
    const auto rows_of = [num_layers, width](double least) {
        const int fit = std::max(1, static_cast<int>(width / (least + kGap)));
        return std::max(1, (num_layers + fit - 1) / fit);
    };
    StripLayout layout;
    layout.num_layers = num_layers;
    layout.rows = rows_of(kLeast);
    layout.dense = layout.rows > kMostRows;
    if (layout.dense) layout.rows = rows_of(kLeastDense);
    layout.columns = (num_layers + layout.rows - 1) / layout.rows;
    return layout;
}

double StripLayout::heightFor(int num_layers, double width) {
    const StripLayout layout = wrapped(num_layers, width);
    const double bar = layout.rows == 1 ? 72 : 48;
    return layout.rows * (layout.head() + bar + layout.foot());
}

double StripLayout::leastHeightFor(int num_layers, double width) {
    const StripLayout layout = wrapped(num_layers, width);
    const double bar = layout.rows == 1 ? 32 : layout.dense ? 40 : 24;
    return layout.rows * (layout.head() + bar + layout.foot());
}

StripLayout StripLayout::of(int num_layers, const QSizeF& size) {
    if (num_layers <= 0) return {};
    StripLayout layout = wrapped(num_layers, size.width());
    layout.cell_width = size.width() / layout.columns;
    layout.row_height = size.height() / layout.rows;
    layout.bar_height = std::max(8.0, layout.row_height - layout.head() - layout.foot());
    return layout;
}

QRectF StripLayout::cell(int layer) const {
    const int row = layer / columns, column = layer % columns;
    return {left + column * cell_width + kGap / 2, top + row * row_height, cell_width - kGap, row_height};
}

QRectF StripLayout::bar(int layer) const {
    const QRectF all = cell(layer);
    const double width = std::min(all.width(), kWidest);
    return {all.center().x() - width / 2, all.top() + head(), width, bar_height};
}

double StripLayout::y(int layer, double gate) const {
    const QRectF track = bar(layer);
    return track.bottom() - std::clamp(gate, 0.0, 1.0) * track.height();
}

int StripLayout::layerAt(const QPointF& point) const {
    if (columns == 0 || cell_width <= 0 || row_height <= 0) return -1;
    const int column = static_cast<int>(std::floor((point.x() - left) / cell_width));
    const int row = static_cast<int>(std::floor((point.y() - top) / row_height));
    if (column < 0 || column >= columns || row < 0 || row >= rows) return -1;
    const int layer = row * columns + column;
    return layer < num_layers ? layer : -1;
}

}  // namespace fm
