// One curve of any length, thinned exactly to what a screen can show: per column of pixels its smallest and its largest
// point, never an average.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "widgets/plots/chunked_column.h"
#include "widgets/plots/min_max_tiers.h"

namespace fm {

struct ThinnedCurve {
    std::vector<double> x;
    std::vector<double> y;  // NaN where the curve has a gap
};

struct ThinnedBand {
    std::vector<double> x;
    std::vector<double> low;
    std::vector<double> high;
};

class SeriesTiers {
public:
    // x must be finite and grow from point to point; a point that does not advance is left out. y may be NaN or
    // infinite: a gap in the picture.
    void append(std::span<const double> x, std::span<const double> y);
    void clear();

    std::size_t size() const { return x_.size(); }
    const ChunkedColumn<double>& x() const { return x_; }
    const ChunkedColumn<double>& y() const { return y_; }

    // Points inside [x_low, x_high], as indices [first, second).
    std::pair<std::size_t, std::size_t> indicesIn(double x_low, double x_high) const;
    Extremes extremes(std::size_t begin, std::size_t end) const;
    // Index of the point nearest to x; size() when there is none.
    std::size_t nearest(double x) const;

    // At most two points per column plus one beyond either end, so that lines leave the picture at its edge.
    ThinnedCurve thinned(double x_low, double x_high, int num_columns) const;
    // Smallest and largest value of the `window` points up to each column's last.
    ThinnedBand band(double x_low, double x_high, int num_columns, std::size_t window) const;

private:
    ChunkedColumn<double> x_;
    ChunkedColumn<double> y_;
    MinMaxTiers tiers_;
};

// Exponential moving average divided by its weight so far (1 - beta^n), so that it starts at the first value instead of
// near zero. NaN is passed through and changes nothing.
class DebiasedEma {
public:
    explicit DebiasedEma(double beta = 0.9) : beta_(beta) {}
    double next(double value);

private:
    double beta_;
    double sum_ = 0;
    double weight_ = 0;
};

}  // namespace fm
