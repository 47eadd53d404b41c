#include "widgets/plots/series_tiers.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fm {

void SeriesTiers::append(std::span<const double> x, std::span<const double> y) {
    const std::size_t count = std::min(x.size(), y.size());
    for (std::size_t i = 0; i < count; ++i) {
        if (!std::isfinite(x[i]) || (!x_.empty() && !(x[i] > x_.back()))) continue;
        x_.push_back(x[i]);
        y_.push_back(y[i]);
    }
    tiers_.extend(x_.size(), [this](std::size_t i) { return y_[i]; });
}

void SeriesTiers::clear() {
    x_.clear();
    y_.clear();
    tiers_.clear();
}

std::pair<std::size_t, std::size_t> SeriesTiers::indicesIn(double x_low, double x_high) const {
    const std::size_t first = x_.firstNotBelow(x_low, 0, x_.size());
    return {first, x_.firstAbove(x_high, first, x_.size())};
}

Extremes SeriesTiers::extremes(std::size_t begin, std::size_t end) const {
    return tiers_.range(begin, end, [this](std::size_t i) { return y_[i]; });
}

std::size_t SeriesTiers::nearest(double x) const {
    if (x_.empty()) return 0;
    const std::size_t above = x_.firstNotBelow(x, 0, x_.size());
    if (above == 0) return 0;
    if (above == x_.size()) return above - 1;
    return x - x_[above - 1] <= x_[above] - x ? above - 1 : above;
}

ThinnedCurve SeriesTiers::thinned(double x_low, double x_high, int num_columns) const {
    ThinnedCurve out;
    const auto add = [&](std::size_t i) {
        out.x.push_back(x_[i]);
        out.y.push_back(std::isfinite(y_[i]) ? y_[i] : std::numeric_limits<double>::quiet_NaN());
    };
    const auto [begin, end] = indicesIn(x_low, x_high);
    if (begin > 0) add(begin - 1);
    if (num_columns < 1 || end - begin <= 2 * static_cast<std::size_t>(num_columns)) {
        for (std::size_t i = begin; i < end; ++i) add(i);
    } else {
        std::size_t at = begin;
        for (int column = 1; column <= num_columns && at < end; ++column) {
            const double edge = x_low + (x_high - x_low) * column / num_columns;
            const std::size_t next = column == num_columns ? end : x_.firstAbove(edge, at, end);
            if (next == at) continue;
            const Extremes found = extremes(at, next);
            if (!found.any) {
                add(at);
            } else {
                add(std::min(found.low, found.high));
                if (found.low != found.high) add(std::max(found.low, found.high));
            }
            at = next;
        }
    }
    if (end < x_.size()) add(end);
    return out;
}

ThinnedBand SeriesTiers::band(double x_low, double x_high, int num_columns, std::size_t window) const {
    ThinnedBand out;
    const auto [begin, end] = indicesIn(x_low, x_high);
    const std::size_t stride = std::max<std::size_t>(1, (end - begin) / static_cast<std::size_t>(num_columns));
    for (std::size_t last = begin; last < end; last += stride) {
        const std::size_t stop = std::min(last + stride, end);
        const Extremes found = extremes(stop > window ? std::min(stop - window, last) : 0, stop);
        if (!found.any) continue;
        out.x.push_back(x_[stop - 1]);
        out.low.push_back(y_[found.low]);
        out.high.push_back(y_[found.high]);
    }
    return out;
}

double DebiasedEma::next(double value) {
    if (std::isnan(value)) return value;
    sum_ = beta_ * sum_ + (1 - beta_) * value;
    weight_ = beta_ * weight_ + (1 - beta_);
    return sum_ / weight_;
}

}  // namespace fm
