#include "widgets/panels/strip_layout.h"

#include <algorithm>
#include <cmath>

namespace fm {

int StripLayout::rowsFor(int num_layers, double width) {
    const int fit = std::max(1, static_cast<int>(width / (kLeast + kGap)));
    return std::max(1, (num_layers + fit - 1) / fit);
}

double StripLayout::heightFor(int num_layers, double width) {
    const int rows = rowsFor(num_layers, width);
    const double bar = rows == 1 ? 72 : rows == 2 ? 48 : 34;
    return rows * (kValueRoom + bar + kFootRoom);
}

StripLayout StripLayout::of(int num_layers, const QSizeF& size) {
    StripLayout layout;
    layout.num_layers = num_layers;
    if (num_layers <= 0) return layout;
    layout.rows = rowsFor(num_layers, size.width());
    layout.columns = (num_layers + layout.rows - 1) / layout.rows;
    layout.cell_width = size.width() / layout.columns;
    layout.row_height = size.height() / layout.rows;
    layout.bar_height = std::max(8.0, layout.row_height - kValueRoom - kFootRoom);
    return layout;
}

QRectF StripLayout::cell(int layer) const {
    const int row = layer / columns, column = layer % columns;
    return {left + column * cell_width + kGap / 2, top + row * row_height, cell_width - kGap, row_height};
}

QRectF StripLayout::bar(int layer) const {
    const QRectF all = cell(layer);
    const double width = std::min(all.width(), kWidest);
    return {all.center().x() - width / 2, all.top() + kValueRoom, width, bar_height};
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
