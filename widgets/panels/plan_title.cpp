#include "widgets/panels/plan_title.h"

#include <QPainter>
#include <tuple>

#include "widgets/theme/theme.h"

namespace fm {
namespace {

enum class Mark { Square, Diamond, Ring, Dash };
constexpr int kSide = 10, kMarkRoom = 14, kGap = 14;

void paintMark(QPainter& painter, Mark mark, const QPointF& at, const QColor& colour) {
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    switch (mark) {
        case Mark::Square:
            painter.drawRoundedRect(QRectF(at.x() - 4.5, at.y() - 4.5, 9, 9), 1.5, 1.5);
            return;
        case Mark::Diamond:
            painter.drawPolygon(
                QPolygonF{at + QPointF(0, -5), at + QPointF(5, 0), at + QPointF(0, 5), at + QPointF(-5, 0)});
            return;
        case Mark::Ring:
            painter.setBrush(Qt::NoBrush);
            painter.setPen(QPen(colour, 1.2));
            painter.drawEllipse(at, 3, 3);
            return;
        case Mark::Dash:
            painter.setPen(QPen(colour, 1.2));
            painter.drawLine(at + QPointF(-5, 0), at + QPointF(-1, 0));
            painter.drawLine(at + QPointF(2, 0), at + QPointF(6, 0));
    }
}

}  // namespace

PlanTitle::PlanTitle(ThemeSource& theme, QWidget* parent) : QWidget(parent), theme_(theme) {
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&theme_, &ThemeSource::changed, this, qOverload<>(&QWidget::update));
}

void PlanTitle::setSubtitle(const QString& subtitle) {
    subtitle_ = subtitle;
    setAccessibleName(tr("Plan: %1").arg(subtitle));
    update();
}

int PlanTitle::paintLegend(QPainter& painter) const {
    const Theme& theme = theme_.theme();
    const std::tuple<Mark, QColor, QString> entries[] = {{Mark::Dash, theme.text_faint, tr("cut")},
                                                         {Mark::Ring, theme.text_faint, tr("unsure")},
                                                         {Mark::Diamond, theme.text_faint, tr("pinned")},
                                                         {Mark::Square, theme.linear, tr("linear")},
                                                         {Mark::Square, theme.full, tr("full attention")}};
    painter.setFont(uiFont(-1));
    double right = width() - kSide;
    for (const auto& [mark, colour, text] : entries) {
        right -= painter.fontMetrics().horizontalAdvance(text);
        painter.setPen(theme.text_faint);
        painter.drawText(QRectF(right, 0, width() - right, height()), Qt::AlignVCenter | Qt::AlignLeft, text);
        paintMark(painter, mark, QPointF(right - kMarkRoom / 2.0 - 2, height() / 2.0), colour);
        right -= kMarkRoom + kGap;
    }
    return static_cast<int>(right);
}

void PlanTitle::paintEvent(QPaintEvent*) {
    const Theme& theme = theme_.theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.fillRect(rect(), theme.panel);
    painter.setPen(theme.panel_border);
    painter.drawRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, 0.5));
    const int legend_left = paintLegend(painter);
    painter.setFont(uiFont(0, true));
    painter.setPen(theme.text);
    const QString name = tr("Plan");
    painter.drawText(QRect(kSide, 0, width(), height()), Qt::AlignVCenter, name);
    const int left = kSide + painter.fontMetrics().horizontalAdvance(name) + 10;
    painter.setFont(uiFont(-0.5));
    painter.setPen(theme.text_faint);
    painter.drawText(QRect(left, 0, legend_left - left, height()), Qt::AlignVCenter,
                     painter.fontMetrics().elidedText(subtitle_, Qt::ElideRight, legend_left - left));
}

}  // namespace fm
