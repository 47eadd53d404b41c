#include "widgets/plots/cell_map.h"

#include <cmath>
#include <utility>

#include "widgets/plots/chart_parts.h"

namespace fm {

namespace {

constexpr double kSmallCellPx = 5;  // below, cells are pixels of one image, without gaps
const QMargins kMargins(12, 9, 12, 8);

}  // namespace

CellMap::CellMap(const ThemeSource& theme_source, const QString& name, QWidget* parent)
    : ChartPlot(theme_source, name, Zoom::Both, parent) {
    chart().yAxis->setRangeReversed(true);
    chart().axisRect()->setMinimumMargins(kMargins);
    addPainter(QStringLiteral("main"), [this](QCPPainter& painter) { paintCells(painter); });
    addPainter(
        QStringLiteral("overlay"), [this](QCPPainter& painter) { paintMarks(painter); }, false);
    CellMap::styleChanged();
}

void CellMap::styleChanged() { chart().yAxis->grid()->setVisible(false); }

void CellMap::setColumnNames(const QStringList& names) {
    const QFontMetricsF metrics(chart().xAxis->tickLabelFont());
    longest_column_name_px_ = 0;
    for (const QString& name : names) {
        longest_column_name_px_ = std::max(longest_column_name_px_, metrics.horizontalAdvance(name));
    }
    chart().xAxis->setTicker(QSharedPointer<QCPAxisTicker>(new NameTicker(names)));
}

void CellMap::setRowNames(const QStringList& names) {
    chart().yAxis->setTicker(QSharedPointer<QCPAxisTicker>(new NameTicker(names)));
}

ChartPlot::Bounds CellMap::bounds(double, double) const { return {-0.5, numColumns() - 0.5, -0.5, numRows() - 0.5}; }

QRectF CellMap::cellsBetween(int first_row, int last_row, int first_column, int last_column) const {
    return cellRect(*chart().xAxis, *chart().yAxis, first_column - 0.5, last_column + 0.5, first_row - 0.5,
                    last_row + 0.5);
}

QRectF CellMap::cellAt(int row, int column) const { return cellsBetween(row, row, column, column); }

void CellMap::outline(QCPPainter& painter, const QRectF& rect) const {
    const QRectF visible = clippedToAxes(chart(), rect.adjusted(-0.5, -0.5, 0.5, 0.5));
    if (visible.isEmpty()) return;
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(theme().panel, 3.2));
    painter.drawRect(visible);
    painter.setPen(QPen(theme().mark, 1.4));
    painter.drawRect(visible);
}

void CellMap::paintCells(QCPPainter& painter) const {
    const QRectF first = cellAt(0, 0);
    if (std::min(first.width(), first.height()) < kSmallCellPx) return paintImage(painter);
    const auto span = [](const QCPAxis& axis, int count) {
        const int low = static_cast<int>(std::floor(axis.range().lower + 0.5));
        const int high = static_cast<int>(std::ceil(axis.range().upper - 0.5));
        return std::pair(std::clamp(low, 0, count - 1), std::clamp(high, 0, count - 1));
    };
    const auto [row_low, row_high] = span(*chart().yAxis, numRows());
    const auto [column_low, column_high] = span(*chart().xAxis, numColumns());
    painter.setFont(uiFont(-1.75));
    for (int row = row_low; row <= row_high; ++row) {
        for (int column = column_low; column <= column_high; ++column) {
            paintCell(painter, row, column, cellAt(row, column));
        }
    }
}

void CellMap::paintCell(QCPPainter& painter, int row, int column, const QRectF& rect) const {
    const QRectF inside = clippedToAxes(chart(), rect.adjusted(0, 0, -look_.gap_px, -look_.gap_px));
    const QColor colour = cellColour(row, column);
    const QColor fill = colour.isValid() ? colour : theme().grid;
    if (look_.radius_px > 0 && std::min(rect.width(), rect.height()) >= 8) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(fill);
        painter.drawRoundedRect(inside, look_.radius_px, look_.radius_px);
    } else {
        painter.fillRect(inside, fill);
    }
    const QString text = cellText(row, column);
    if (text.isEmpty()) return;
    const QFontMetricsF metrics(painter.font());
    if (metrics.horizontalAdvance(text) + 4 > rect.width() || metrics.height() - 2 > rect.height()) return;
    painter.setPen(colour.isValid() ? readableOn(colour) : theme().text_faint);
    painter.drawText(inside, Qt::AlignCenter, text);
}

void CellMap::paintImage(QCPPainter& painter) const {
    QImage image(numColumns(), numRows(), QImage::Format_RGB32);
    for (int row = 0; row < numRows(); ++row) {
        for (int column = 0; column < numColumns(); ++column) {
            const QColor colour = cellColour(row, column);
            image.setPixel(column, row, (colour.isValid() ? colour : theme().grid).rgb());
        }
    }
    painter.drawImage(cellsBetween(0, numRows() - 1, 0, numColumns() - 1), image);
}

void CellMap::layOut() {
    QCPLayoutGrid& layout = *chart().plotLayout();
    layout.setOuterRect(chart().viewport());
    for (const auto phase :
         {QCPLayoutElement::upPreparation, QCPLayoutElement::upMargins, QCPLayoutElement::upLayout}) {
        layout.update(phase);
    }
}

void CellMap::setWidestCells(double widest) {
    if (std::exchange(widest_, widest) != widest) markStale();
}

void CellMap::drawPicture(QPaintDevice& device, const QSize& size) {
    const double before = std::exchange(widest_, 1);
    ChartPlot::drawPicture(device, size);
    widest_ = before;
}

// The axis rectangle gets as wide as it is high, or a little wider, in the middle of the figure.
void CellMap::makeSquare() {
    QCPAxisRect& rect = *chart().axisRect();
    rect.setMinimumMargins(kMargins);
    layOut();
    const int square_width = rect.height() * numColumns() / std::max(1, numRows());
    const int spare_x = std::max(0, rect.width() - static_cast<int>(widest_ * square_width));
    const int spare_y = std::max(0, rect.height() - rect.width() * numRows() / std::max(1, numColumns()));
    const QMargins used = rect.margins();
    rect.setMinimumMargins(QMargins(used.left() + spare_x / 2, used.top() + spare_y / 2,
                                    used.right() + spare_x - spare_x / 2, used.bottom() + spare_y - spare_y / 2));
    layOut();
}

// Cells are few: as many names as have room.
void CellMap::fitNames() {
    const QRectF cell = cellAt(0, 0);
    const double row = QFontMetricsF(chart().yAxis->tickLabelFont()).height() + 2;
    if (const auto columns = chart().xAxis->ticker().dynamicCast<IntegerTicker>()) {
        columns->fitStep(cell.width(), longest_column_name_px_ + 8);
    }
    if (const auto rows = chart().yAxis->ticker().dynamicCast<IntegerTicker>()) rows->fitStep(cell.height(), row);
}

void CellMap::prepare() {
    if (look_.square) makeSquare();
    fitNames();
}

std::optional<std::pair<int, int>> CellMap::cellNear(double x, double y) const {
    const auto row = static_cast<int>(std::lround(y));
    const auto column = static_cast<int>(std::lround(x));
    if (row < 0 || row >= numRows() || column < 0 || column >= numColumns()) return std::nullopt;
    return std::pair(row, column);
}

std::optional<ReadOut> CellMap::readOutAt(double x, double y) const {
    const auto cell = cellNear(x, y);
    if (!cell) return std::nullopt;
    ReadOut out = cellReadOut(cell->first, cell->second);
    out.vertical = out.horizontal = false;
    out.box = cellAt(cell->first, cell->second);
    return out;
}

void CellMap::clicked(double x, double y, Qt::KeyboardModifiers modifiers) {
    if (const auto cell = cellNear(x, y)) cellClicked(cell->first, cell->second, modifiers);
}

QPointF CellMap::neighbour(double x, double y, int columns, int rows) const {
    return QPointF(std::clamp(std::round(x) + columns, 0.0, numColumns() - 1.0),
                   std::clamp(std::round(y) + rows, 0.0, numRows() - 1.0));
}

}  // namespace fm
