#include "widgets/panels/gate_context.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>

#include "widgets/models/number_text.h"
#include "widgets/theme/theme.h"

namespace fm {

static constexpr int kLabelHeight = 16;
static constexpr int kGap = 2;

GateContext::GateContext(ThemeSource& theme, QWidget* parent) : QWidget(parent), theme_(theme) {
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Gate of each layer"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&theme_, &ThemeSource::changed, this, qOverload<>(&QWidget::update));
}

void GateContext::setGates(std::vector<double> gates) {
    gates_ = std::move(gates);
    current_ = std::clamp(current_, 0, std::max(0, static_cast<int>(gates_.size()) - 1));
    describe();
    update();
}

void GateContext::setFullLayers(std::vector<bool> full) {
    full_ = std::move(full);
    describe();
    update();
}

void GateContext::setSelected(const std::set<int>& layers) {
    selected_ = layers;
    update();
}

QString GateContext::kindText(int layer) const {
    if (static_cast<std::size_t>(layer) >= full_.size()) return tr("the plan of this run is not known");
    return full_[static_cast<std::size_t>(layer)] ? tr("full attention") : tr("linear attention");
}

void GateContext::describe() {
    QStringList values;
    for (const double gate : gates_) values << shareText(gate);
    setAccessibleDescription(tr("Gates from layer 0 on: %1").arg(values.join(QStringLiteral(", "))));
}

QRect GateContext::barRect(int layer) const {
    const double step = static_cast<double>(width()) / std::max<std::size_t>(1, gates_.size());
    const int left = static_cast<int>(layer * step);
    const int right = static_cast<int>((layer + 1) * step) - kGap;
    return {left, 1, std::max(1, right - left), height() - kLabelHeight - 2};
}

int GateContext::layerAt(const QPoint& at) const {
    for (int layer = 0; layer < static_cast<int>(gates_.size()); ++layer)
        if (at.x() >= barRect(layer).left() && at.x() <= barRect(layer).right() + kGap) return layer;
    return -1;
}

void GateContext::paintEvent(QPaintEvent*) {
    const Theme& theme = theme_.theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(uiFont(-1));
    const int label_every =
        std::max(1, (painter.fontMetrics().horizontalAdvance("00") + 4) / std::max(1, barRect(0).width() + kGap) + 1);
    for (int layer = 0; layer < static_cast<int>(gates_.size()); ++layer) {
        const double gate = std::clamp(gates_[static_cast<std::size_t>(layer)], 0.0, 1.0);
        const bool plan_known = static_cast<std::size_t>(layer) < full_.size();
        const QRect track = barRect(layer);
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme.field);
        painter.drawRoundedRect(track, 2, 2);
        QRectF bar = track;
        bar.setTop(track.bottom() + 1 - std::max(2.0, gate * track.height()));
        painter.setBrush(!plan_known                              ? blended(theme.linear, theme.full, gate)
                         : full_[static_cast<std::size_t>(layer)] ? theme.full
                                                                  : theme.linear);
        painter.drawRoundedRect(bar, 2, 2);
        if (selected_.contains(layer) || (hasFocus() && layer == current_)) {
            painter.setBrush(Qt::NoBrush);
            painter.setPen(QPen(selected_.contains(layer) ? theme.mark : theme.accent, 1.5));
            painter.drawRoundedRect(track, 2, 2);
        }
        if (layer % label_every != 0) continue;
        painter.setPen(theme.text_faint);
        painter.drawText(QRect(track.left() - 10, height() - kLabelHeight, track.width() + 20, kLabelHeight),
                         Qt::AlignCenter, QString::number(layer));
    }
}

void GateContext::mousePressEvent(QMouseEvent* event) {
    const int layer = layerAt(event->pos());
    if (layer < 0) return;
    current_ = layer;
    Q_EMIT layerClicked(layer, event->modifiers());
}

void GateContext::keyPressEvent(QKeyEvent* event) {
    const int last = static_cast<int>(gates_.size()) - 1;
    if (last < 0) return QWidget::keyPressEvent(event);
    if (event->key() == Qt::Key_Left || event->key() == Qt::Key_Right) {
        current_ = std::clamp(current_ + (event->key() == Qt::Key_Right ? 1 : -1), 0, last);
        return update();
    }
    if (event->key() == Qt::Key_Space || event->key() == Qt::Key_Return) {
        Q_EMIT layerClicked(current_, event->modifiers());
        return;
    }
    QWidget::keyPressEvent(event);
}

bool GateContext::event(QEvent* event) {
    if (event->type() != QEvent::ToolTip) return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const int layer = layerAt(help->pos());
    if (layer < 0) {
        QToolTip::hideText();
        return true;
    }
    QToolTip::showText(
        help->globalPos(),
        tr("Layer %1: gate %2; %3").arg(layer).arg(shareText(gates_[static_cast<std::size_t>(layer)]), kindText(layer)),
        this);
    return true;
}

}  // namespace fm
