// Where the plan strip's cells are: plain geometry, in rows for models with many layers.
#pragma once

#include <QRectF>
#include <QSizeF>

namespace fm {

struct StripLayout {
    int num_layers = 0;
    int rows = 1;
    int columns = 0;     // cells per row; the last row may hold fewer
    bool dense = false;  // cells too narrow for values: they are shown where one looks, and all in tooltips
    double cell_width = 0, row_height = 0, bar_height = 0;
    double left = 0, top = 0;

    static constexpr double kLeast = 27;       // a cell narrower than this cannot show its value
    static constexpr double kLeastDense = 15;  // ... its number
    static constexpr int kMostRows = 2;        // of cells with values; more layers are packed densely
    static constexpr double kWidest = 76;      // of a bar
    static constexpr double kGap = 4;          // between cells
    static constexpr double kValueRoom = 16;   // above the bar, for the value of a gate near 1
    static constexpr double kFootRoom = 30;    // layer number, pin
    static constexpr double kDenseHead = 8;    // above a dense row's bars
    static constexpr double kDenseFoot = 26;

    static StripLayout of(int num_layers, const QSizeF& size);
    static double heightFor(int num_layers, double width);  // at a comfortable bar height
    static double leastHeightFor(int num_layers, double width);

    QRectF cell(int layer) const;  // everything of one layer
    QRectF bar(int layer) const;   // the track of its gate
    double y(int layer, double gate) const;
    int layerAt(const QPointF& point) const;  // -1: none

private:
    static StripLayout wrapped(int num_layers, double width);  // rows, columns, dense
    double head() const { return dense ? kDenseHead : kValueRoom; }
    double foot() const { return dense ? kDenseFoot : kFootRoom; }
};

}  // namespace fm
