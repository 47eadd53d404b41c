#include "widgets/plots/plot_overlay.h"

#include <QFontMetrics>
#include <QPainter>

namespace fm {

namespace {

constexpr int kPad = 7;
constexpr int kSwatch = 14;
constexpr int kGap = 12;  // between label and value, and between cursor and box

}  // namespace

PlotOverlay::PlotOverlay(const ThemeSource& theme, QWidget* parent) : QWidget(parent), theme_(theme) {
    setAttribute(Qt::WA_TransparentForMouseEvents);
    setAttribute(Qt::WA_NoSystemBackground);
    setFocusPolicy(Qt::NoFocus);
}

void PlotOverlay::setReadOut(const std::optional<ReadOut>& read_out, const QRect& plot_area) {
    if (!read_out && !read_out_) return;
    read_out_ = read_out;
    plot_area_ = plot_area;
    update();
}

void PlotOverlay::setLinkedLine(std::optional<double> x, const QRect& plot_area) {
    if (!x && !linked_x_) return;
    linked_x_ = x;
    plot_area_ = plot_area;
    update();
}

void PlotOverlay::setFocusRing(bool shown) {
    focus_ring_ = shown;
    update();
}

void PlotOverlay::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    if (linked_x_ && !read_out_) {
        painter.setPen(QPen(withAlpha(theme_.theme().text_faint, 170), 1, Qt::DotLine));
        painter.drawLine(QPointF(*linked_x_, plot_area_.top()), QPointF(*linked_x_, plot_area_.bottom() + 1));
    }
    if (read_out_) paintReadOut(painter);
    if (focus_ring_) {
        painter.setPen(QPen(theme_.theme().accent, 1.5));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 5, 5);
    }
}

// More lines than the figure is high are counted, not drawn.
QList<ReadOutLine> PlotOverlay::fittingLines(int line_height) const {
    const int room = std::max(3, (height() - 2 * kPad) / line_height - 2);
    QList<ReadOutLine> lines = read_out_->lines;
    if (lines.size() <= room) return lines;
    const qsizetype left_out = lines.size() - (room - 1);
    lines.resize(room - 1);
    lines << ReadOutLine{QColor(), tr("%1 more").arg(left_out), QString()};
    return lines;
}

void PlotOverlay::paintReadOut(QPainter& painter) const {
    const Theme& theme = theme_.theme();
    painter.setPen(QPen(withAlpha(theme.text_faint, 170), 1));
    const QPointF at = read_out_->at;
    if (read_out_->vertical) {
        painter.drawLine(QPointF(at.x(), plot_area_.top()), QPointF(at.x(), plot_area_.bottom() + 1));
    }
    if (read_out_->horizontal) {
        painter.drawLine(QPointF(plot_area_.left(), at.y()), QPointF(plot_area_.right() + 1, at.y()));
    }
    if (!read_out_->box.isEmpty()) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(theme.mark, 1.6));
        painter.drawRect(read_out_->box.intersected(QRectF(plot_area_)));
    }
    const QFont font = uiFont(-1);
    const QFontMetrics metrics(font);
    painter.setFont(font);
    const QList<ReadOutLine> lines = fittingLines(metrics.height() + 2);
    int width = metrics.horizontalAdvance(read_out_->heading);
    for (const ReadOutLine& line : lines) {
        width = std::max(width, (line.colour.isValid() ? kSwatch : 0) + metrics.horizontalAdvance(line.label) +
                                    (line.value.isEmpty() ? 0 : kGap + metrics.horizontalAdvance(line.value)));
    }
    const int rows = static_cast<int>(lines.size()) + (read_out_->heading.isEmpty() ? 0 : 1);
    if (rows == 0) return;
    QRect box(0, 0, width + 2 * kPad, rows * (metrics.height() + 2) + 2 * kPad - 2);
    const bool left = at.x() + kGap + box.width() > this->width();
    const bool above = at.y() + kGap + box.height() > height();
    box.moveTo(static_cast<int>(left ? at.x() - kGap - box.width() : at.x() + kGap),
               static_cast<int>(above ? at.y() - kGap - box.height() : at.y() + kGap));
    box.moveLeft(std::clamp(box.left(), 2, std::max(2, this->width() - box.width() - 2)));
    box.moveTop(std::clamp(box.top(), 2, std::max(2, height() - box.height() - 2)));
    paintBox(painter, box, metrics);
}

void PlotOverlay::paintBox(QPainter& painter, const QRect& box, const QFontMetrics& metrics) const {
    const Theme& theme = theme_.theme();
    painter.setPen(QPen(blended(theme.panel, theme.text_faint, 0.45), 1));
    painter.setBrush(withAlpha(theme.panel, 248));
    painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
    QRect row(box.left() + kPad, box.top() + kPad - 1, box.width() - 2 * kPad, metrics.height());
    if (!read_out_->heading.isEmpty()) {
        painter.setPen(theme.text_faint);
        painter.drawText(row, Qt::AlignLeft | Qt::AlignVCenter, read_out_->heading);
        row.translate(0, metrics.height() + 2);
    }
    for (const ReadOutLine& line : fittingLines(metrics.height() + 2)) {
        if (line.colour.isValid()) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(line.colour);
            painter.drawRoundedRect(QRectF(row.left(), row.center().y() - 4, 8, 8), 1.5, 1.5);
        }
        painter.setPen(theme.text_faint);
        painter.drawText(row.adjusted(line.colour.isValid() ? kSwatch : 0, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter,
                         line.label);
        painter.setPen(theme.text);
        painter.drawText(row, Qt::AlignRight | Qt::AlignVCenter, line.value);
        row.translate(0, metrics.height() + 2);
    }
}

}  // namespace fm
