#include "widgets/panels/strip_painter.h"

#include <algorithm>
#include <cmath>

#include "widgets/state/plan_state.h"
#include "widgets/theme/theme.h"

namespace fm {
namespace {

constexpr double kRadius = 3;
constexpr double kMark = 4;  // half diagonal of a pin

double gateOf(const PlanState& plan, int layer) {
    return plan.hasRanking() ? plan.ranking().score[layer] : (plan.kind(layer) == LayerKind::Full ? 1.0 : 0.0);
}

// Rounded at the top only, so that a bar stands on the bottom of its track.
void fillBar(QPainter& painter, const QRectF& bar, const QColor& colour) {
    painter.save();
    painter.setClipRect(bar);
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    painter.drawRoundedRect(bar.adjusted(0, 0, 0, kRadius), kRadius, kRadius);
    painter.restore();
}

}  // namespace

void StripPainter::paint(QPainter& painter) const {
    painter.setRenderHint(QPainter::Antialiasing);
    for (int layer = 0; layer < layout_.num_layers; ++layer) paintBar(painter, layer);
    paintCut(painter);
    for (int layer = 0; layer < layout_.num_layers; ++layer) {
        paintValue(painter, layer);
        paintFoot(painter, layer);
        paintOutline(painter, layer);
    }
}

void StripPainter::paintBar(QPainter& painter, int layer) const {
    const QRectF track = layout_.bar(layer);
    painter.setPen(Qt::NoPen);
    painter.setBrush(layer == content_.hovered ? theme_.hover : theme_.field);
    painter.drawRoundedRect(track, kRadius, kRadius);
    QRectF bar = track;
    bar.setTop(std::min(layout_.y(layer, gateOf(content_.plan, layer)), track.bottom() - 2));
    fillBar(painter, bar, content_.plan.kind(layer) == LayerKind::Full ? theme_.full : theme_.linear);
    if (const std::optional<double> y = tickOf(layer)) {
        painter.setPen(QPen(theme_.mark, 1.5));
        painter.drawLine(QPointF(track.left() + 3, *y), QPointF(track.right() - 3, *y));
    }
}

bool StripPainter::isLookedAt(int layer) const {
    return layer == content_.hovered || layer == content_.current || content_.selected.contains(layer);
}

// The gate at this step, where the bar shows its average.
std::optional<double> StripPainter::tickOf(int layer) const {
    if (static_cast<int>(content_.details.size()) != layout_.num_layers) return std::nullopt;
    const double gate = content_.details[layer].gate;
    if (!std::isfinite(gate) || std::abs(gate - gateOf(content_.plan, layer)) < 0.02) return std::nullopt;
    return layout_.y(layer, gate);
}

void StripPainter::paintCut(QPainter& painter) const {
    if (!content_.confidence.exists) return;
    painter.setPen(QPen(withAlpha(theme_.text, 150), 1, Qt::CustomDashLine));
    QPen pen = painter.pen();
    pen.setDashPattern({4, 4});
    painter.setPen(pen);
    for (int first = 0; first < layout_.num_layers; first += layout_.columns) {
        const int last = std::min(first + layout_.columns, layout_.num_layers) - 1;
        const double y = std::round(layout_.y(first, content_.confidence.cut)) + 0.5;
        painter.drawLine(QPointF(layout_.cell(first).left() - 2, y), QPointF(layout_.cell(last).right() + 2, y));
    }
}

void StripPainter::paintValue(QPainter& painter, int layer) const {
    if (!content_.plan.hasRanking() || (layout_.dense && !isLookedAt(layer))) return;
    const QRectF track = layout_.bar(layer);
    double top = layout_.y(layer, gateOf(content_.plan, layer));
    const double above = top - tickOf(layer).value_or(top);
    if (above > 0 && above < StripLayout::kValueRoom) top -= above;  // over the tick, too
    painter.setFont(uiFont(-1.5));
    const QString text = QString::number(gateOf(content_.plan, layer), 'f', 2);
    const double half = painter.fontMetrics().horizontalAdvance(text) / 2.0 + 2;
    const double from = std::max(top - StripLayout::kValueRoom, layout_.cell(layer).top());
    const QRectF room(track.center().x() - half - 2, from, 2 * half + 4, StripLayout::kValueRoom - 2);
    // Where the cut or the next bar runs through the number it gets a ground of its own.
    const double cut = layout_.y(layer, content_.confidence.cut);
    if (layout_.dense || (content_.confidence.exists && cut > room.top() + 1 && cut < room.bottom() - 1)) {
        painter.fillRect(QRectF(room.center().x() - half, room.top() + 2, 2 * half, room.height() - 3),
                         room.top() + 2 < track.top() ? theme_.panel : theme_.field);
    }
    painter.setPen(theme_.text);
    painter.drawText(room, Qt::AlignHCenter | Qt::AlignBottom, text);
}

void StripPainter::paintFoot(QPainter& painter, int layer) const {
    const QRectF cell = layout_.cell(layer), track = layout_.bar(layer);
    const QRectF number(cell.left() - 4, track.bottom() + 2, cell.width() + 8, 15);
    const bool selected = content_.selected.contains(layer);
    painter.setFont(uiFont(-1.5, selected));
    painter.setPen(selected ? theme_.text : theme_.text_faint);
    const QString text = QString::number(layer);
    const bool fits = painter.fontMetrics().horizontalAdvance(text) <= cell.width() + 1;
    if (fits || layer % 2 == 0) painter.drawText(number, Qt::AlignCenter, text);
    const QPointF centre(cell.center().x(), number.bottom() + kMark + 2);
    if (content_.plan.pin(layer)) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(content_.plan.kind(layer) == LayerKind::Full ? theme_.full : theme_.linear);
        painter.drawPolygon(QPolygonF{centre + QPointF(0, -kMark - 1), centre + QPointF(kMark + 1, 0),
                                      centre + QPointF(0, kMark + 1), centre + QPointF(-kMark - 1, 0)});
    } else if (content_.plan.byHand(layer)) {
        painter.setPen(QPen(theme_.text_faint, 1.5));
        painter.drawLine(centre + QPointF(-kMark, 0), centre + QPointF(kMark, 0));
    } else if (content_.confidence.exists && !content_.confidence.layers[layer].sure()) {
        painter.setPen(QPen(theme_.text_faint, 1.2));
        painter.setBrush(Qt::NoBrush);
        painter.drawEllipse(centre, kMark - 1, kMark - 1);
    }
}

void StripPainter::paintOutline(QPainter& painter, int layer) const {
    const bool selected = content_.selected.contains(layer), current = layer == content_.current;
    if (!selected && !current) return;
    QPen pen(theme_.mark, current ? 2 : 1.2);
    if (!selected) pen.setStyle(Qt::DotLine);
    painter.setPen(pen);
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(layout_.bar(layer).adjusted(-1.5, -1.5, 1.5, 1.5), kRadius + 1, kRadius + 1);
}

}  // namespace fm
