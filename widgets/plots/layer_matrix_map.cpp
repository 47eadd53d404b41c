#include "widgets/plots/layer_matrix_map.h"

#include <cmath>
#include <limits>
#include <numeric>

#include "widgets/plots/chart_parts.h"
#include "widgets/plots/linkage.h"
#include "widgets/theme/colour_map.h"

namespace fm {

namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr double kDecades = 3;

// Nine of ten values would be drawn in the same pale colour.
bool oneOutshinesAll(const std::vector<double>& values, double largest) {
    constexpr double kVisible = 0.05;
    std::vector<double> sizes;
    for (const double v : values) {
        if (!std::isnan(v) && v != 0) sizes.push_back(std::abs(v));
    }
    if (sizes.size() < 6) return false;
    const auto tenth = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() * 9 / 10);
    std::nth_element(sizes.begin(), tenth, sizes.end());
    return *tenth < kVisible * largest;
}

}  // namespace

LayerMatrixMap::LayerMatrixMap(const ThemeSource& theme_source, const QString& name, const Words& words,
                               QWidget* parent)
    : CellMap(theme_source, name, parent), words_(words) {
    setLook({.gap_px = 1, .radius_px = 0, .square = true});
    setAxisTitle(*chart().yAxis, tr("layer"));  // of both axes: they are the same
    cluster_action_ = addFigureAction(tr("Similar layers side by side"), {QKeySequence(Qt::Key_O)},
                                      tr("Order the layers by average-linkage clustering of the values' sizes"),
                                      [this] { setClustered(cluster_action_->isChecked()); });
    cluster_action_->setCheckable(true);
    decades_action_ = addFigureAction(tr("Colours by powers of ten"), {QKeySequence(Qt::Key_L)},
                                      tr("Show values down to a thousandth of the largest, or in proportion to it"),
                                      [this] { setDecades(decades_action_->isChecked()); });
    decades_action_->setCheckable(true);
}

void LayerMatrixMap::setMatrix(int num_layers, const std::vector<double>& values) {
    num_layers_ = num_layers;
    values_ = values;
    values_.resize(static_cast<std::size_t>(num_layers) * num_layers, kMissing);
    for (double& value : values_) value = std::isfinite(value) ? value : kMissing;
    order_stale_ = true;
    markStale();
}

void LayerMatrixMap::setPair(int first, int second, double value) {
    if (first < 0 || second < 0 || first >= num_layers_ || second >= num_layers_) return;
    const double finite = std::isfinite(value) ? value : kMissing;
    values_[static_cast<std::size_t>(first) * num_layers_ + second] = finite;
    values_[static_cast<std::size_t>(second) * num_layers_ + first] = finite;
    order_stale_ = true;
    markStale();
}

void LayerMatrixMap::setOrder(const std::vector<int>& order) {
    given_order_ = order;
    order_stale_ = true;
    markStale();
}

void LayerMatrixMap::setClustered(bool clustered) {
    clustered_ = clustered;
    cluster_action_->setChecked(clustered);
    order_stale_ = true;
    markStale();
}

void LayerMatrixMap::setSubject(const QString& subject) {
    subject_ = subject;
    updateLegend();
}

void LayerMatrixMap::setDecades(bool decades) {
    decades_ = decades;
    decades_chosen_ = true;
    order_stale_ = true;
    markStale();
}

void LayerMatrixMap::updateScale() {
    scale_ = 0;
    for (const double v : values_) scale_ = std::isnan(v) ? scale_ : std::max(scale_, std::abs(v));
    if (!decades_chosen_) decades_ = oneOutshinesAll(values_, scale_);
    decades_action_->setChecked(decades_);
}

double LayerMatrixMap::shadeOf(double value) const {
    if (std::isnan(value)) return kMissing;
    if (scale_ <= 0 || value == 0) return 0;
    const double share = std::abs(value) / scale_;
    const double size = decades_ ? std::max(0.0, 1 + std::log10(share) / kDecades) : share;
    return value < 0 ? -size : size;
}

void LayerMatrixMap::setMarks(const LayerMarks& marks) {
    marks_ = marks;
    markStale();
}

bool LayerMatrixMap::hasData() const {
    return std::any_of(values_.begin(), values_.end(), [](double value) { return !std::isnan(value); });
}

double LayerMatrixMap::value(int layer, int other) const {
    return values_[static_cast<std::size_t>(layer) * num_layers_ + other];
}

void LayerMatrixMap::updateOrder() {
    shown_order_.resize(static_cast<std::size_t>(num_layers_));
    std::iota(shown_order_.begin(), shown_order_.end(), 0);
    if (given_order_.size() == shown_order_.size() &&
        std::is_permutation(given_order_.begin(), given_order_.end(), shown_order_.begin())) {
        shown_order_ = given_order_;
    }
    updateScale();
    if (clustered_) {
        std::vector<double> distance = values_;
        for (double& v : distance) v = 1 - std::abs(shadeOf(v));
        shown_order_ = averageLinkageOrder(distance, num_layers_);
    }
    QStringList names;
    for (const int layer : shown_order_) names << QString::number(layer);
    setRowNames(names);
    setColumnNames(names);
    updateLegend();
    order_stale_ = false;
}

void LayerMatrixMap::updateLegend() {
    const QString unit = words_.unit.isEmpty() ? QString() : QStringLiteral(" ") + words_.unit;
    const QString end = formatNumber(scale_, 2);
    LegendEntry entry{.mark = LegendEntry::Mark::Gradient,
                      .low = words_.negative + QStringLiteral(" −") + end,
                      .high = QStringLiteral("+") + end + unit + QStringLiteral(" ") + words_.positive};
    for (int i = -4; i <= 4; ++i) entry.gradient << QColor(divergingColour(i / 4.0, theme()));
    setLegend({entry});
    setSubtitle(decades_ ? tr("%1 · log colours").arg(subject_) : subject_);
}

void LayerMatrixMap::styleChanged() {
    CellMap::styleChanged();
    updateLegend();
}

void LayerMatrixMap::prepare() {
    if (order_stale_) updateOrder();
    CellMap::prepare();
}

QColor LayerMatrixMap::cellColour(int row, int column) const {
    const double v = value(shown_order_[row], shown_order_[column]);
    return std::isnan(v) ? QColor() : QColor(divergingColour(shadeOf(v), theme()));
}

ReadOut LayerMatrixMap::cellReadOut(int row, int column) const {
    const int first = shown_order_[row], second = shown_order_[column];
    const double v = value(first, second);
    ReadOut out;
    out.heading = first == second ? tr("layer %1").arg(first) : tr("layers %1 and %2").arg(first).arg(second);
    const QString unit = words_.unit.isEmpty() ? QString() : QStringLiteral(" ") + words_.unit;
    if (std::isnan(v) && first != second) {
        out.lines << ReadOutLine{QColor(), tr("not measured"), QString()};
    } else if (!std::isnan(v)) {
        out.lines << ReadOutLine{cellColour(row, column), words_.value,
                                 (v > 0 ? QStringLiteral("+") : QString()) + formatNumber(v) + unit};
    }
    out.lines << moreLines(first, second);
    return out;
}

void LayerMatrixMap::cellClicked(int row, int column, Qt::KeyboardModifiers) {
    Q_EMIT pairClicked(shown_order_[row], shown_order_[column]);
}

void LayerMatrixMap::paintMarks(QCPPainter& painter) const {
    for (int at = 0; at < num_layers_; ++at) {
        if (!marks_.isSelected(shown_order_[at])) continue;
        outline(painter, cellsBetween(at, at, 0, num_layers_ - 1));
        outline(painter, cellsBetween(0, num_layers_ - 1, at, at));
    }
}

void LayerMatrixMap::writeCsv(QTextStream& out) const {
    out << "first,second," << csvText(words_.csv_value) << '\n';
    for (int first = 0; first < num_layers_; ++first) {
        for (int second = 0; second < num_layers_; ++second) {
            out << first << ',' << second << ',' << exactNumber(value(first, second)) << '\n';
        }
    }
}

}  // namespace fm
