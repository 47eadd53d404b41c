#include "widgets/panels/plan_strip.h"

#include <QAccessible>
#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QToolTip>
#include <algorithm>
#include <cmath>

#include "widgets/panels/strip_painter.h"
#include "widgets/state/plan_state.h"
#include "widgets/state/selection.h"
#include "widgets/theme/theme.h"

namespace fm {

PlanStrip::PlanStrip(PlanState& plan, Selection& selection, ThemeSource& theme, QWidget* parent)
    : QWidget(parent), plan_(plan), selection_(selection), theme_(theme) {
    setObjectName("planStrip");
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setAccessibleName(tr("Plan strip: one cell per layer"));
    setWhatsThis(
        tr("The height of a bar is the layer's gate: 1 is full attention, 0 is linear. The K highest keep full "
           "attention (amber), the others become linear (blue)."));
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Minimum);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    connect(&plan_, &PlanState::planChanged, this, &PlanStrip::refresh);
    connect(&plan_, &PlanState::rankingChanged, this, &PlanStrip::refresh);
    connect(&selection_, &Selection::layersChanged, this, [this] {
        update();
        announce();
    });
    connect(&theme_, &ThemeSource::changed, this, qOverload<>(&QWidget::update));
    refresh();
}

void PlanStrip::setDetails(std::vector<StripDetail> details) {
    details_ = std::move(details);
    update();
}

void PlanStrip::setSpread(std::vector<double> spread) {
    spread_ = std::move(spread);
    refresh();
}

void PlanStrip::setLayerCost(const QString& full, const QString& linear) {
    full_cost_ = full;
    linear_cost_ = linear;
}

void PlanStrip::refresh() {
    const int rows_before = stripLayout().rows;
    confidence_ = cutConfidence(plan_.ranking().score, spread_, plan_.plan());
    if (stripLayout().rows != rows_before) updateGeometry();
    update();
    Q_EMIT confidenceChanged();
}

StripLayout PlanStrip::stripLayout() const { return StripLayout::of(plan_.numLayers(), size()); }

QSize PlanStrip::sizeHint() const { return {600, heightForWidth(std::max(width(), 600))}; }
QSize PlanStrip::minimumSizeHint() const { return {200, 84}; }
int PlanStrip::heightForWidth(int width) const {
    return static_cast<int>(std::ceil(StripLayout::heightFor(std::max(1, plan_.numLayers()), width)));
}

void PlanStrip::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    setMinimumHeight(static_cast<int>(StripLayout::leastHeightFor(std::max(1, plan_.numLayers()), width())));
    setMaximumHeight(heightForWidth(width()) + 50);  // taller bars say nothing more
}

void PlanStrip::paintEvent(QPaintEvent*) {
    const StripPainter::Content content{.plan = plan_,
                                        .details = details_,
                                        .confidence = confidence_,
                                        .selected = selection_.layers(),
                                        .current = hasFocus() ? selection_.currentLayer() : -1,
                                        .hovered = hovered_};
    QPainter painter(this);
    StripPainter(theme_.theme(), stripLayout(), content).paint(painter);
}

std::set<int> PlanStrip::targets() const {
    if (!selection_.layers().empty()) return selection_.layers();
    return selection_.currentLayer() >= 0 ? std::set<int>{selection_.currentLayer()} : std::set<int>{};
}

std::set<int> PlanStrip::rangeFrom(int anchor, int layer) const {
    std::set<int> range;
    for (int l = std::min(anchor, layer); l <= std::max(anchor, layer); ++l) range.insert(l);
    return range;
}

void PlanStrip::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return;
    pressed_ = stripLayout().layerAt(event->position());
    dragged_ = false;
    if (pressed_ < 0) return;
    if (event->modifiers() & Qt::ShiftModifier && anchor_ >= 0) {
        selection_.setLayers(rangeFrom(anchor_, pressed_), pressed_);
        dragged_ = true;  // a selection, no flip
    } else if (event->modifiers() & Qt::ControlModifier) {
        std::set<int> layers = selection_.layers();
        if (!layers.erase(pressed_)) layers.insert(pressed_);
        selection_.setLayers(layers, pressed_);
        dragged_ = true;
    } else {
        anchor_ = pressed_;
    }
}

void PlanStrip::mouseMoveEvent(QMouseEvent* event) {
    const int layer = stripLayout().layerAt(event->position());
    hover(layer);
    if (!(event->buttons() & Qt::LeftButton) || pressed_ < 0 || layer < 0) return;
    if (layer == pressed_ && !dragged_) return;
    dragged_ = true;
    selection_.setLayers(rangeFrom(pressed_, layer), layer);
}

void PlanStrip::mouseReleaseEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton || pressed_ < 0) return;
    const int released = stripLayout().layerAt(event->position());
    if (!dragged_ && released == pressed_) {
        selection_.setLayers({pressed_}, pressed_);
        plan_.flip(pressed_);
    }
    pressed_ = -1;
}

void PlanStrip::leaveEvent(QEvent*) { hover(-1); }

void PlanStrip::hover(int layer) {
    if (std::exchange(hovered_, layer) != layer) update();
}

void PlanStrip::moveCurrent(int by, bool extend) {
    const int last = plan_.numLayers() - 1;
    if (last < 0) return;
    const int from = selection_.currentLayer();
    const int to = from < 0 ? 0 : std::clamp(from + by, 0, last);
    if (!extend || anchor_ < 0) anchor_ = extend && from >= 0 ? from : to;
    selection_.setLayers(extend ? rangeFrom(anchor_, to) : std::set<int>{to}, to);
}

void PlanStrip::keyPressEvent(QKeyEvent* event) {
    const bool extend = event->modifiers() & Qt::ShiftModifier;
    const int row = std::max(1, stripLayout().columns);
    if (event->matches(QKeySequence::SelectAll)) {
        selection_.setLayers(rangeFrom(0, plan_.numLayers() - 1), 0);
        return;
    }
    switch (event->key()) {
        case Qt::Key_Left:
            return moveCurrent(-1, extend);
        case Qt::Key_Right:
            return moveCurrent(1, extend);
        case Qt::Key_Up:
            return moveCurrent(-row, extend);
        case Qt::Key_Down:
            return moveCurrent(row, extend);
        case Qt::Key_Home:
            return moveCurrent(-plan_.numLayers(), extend);
        case Qt::Key_End:
            return moveCurrent(plan_.numLayers(), extend);
        case Qt::Key_F:
            return plan_.setKind(targets(), LayerKind::Full);
        case Qt::Key_L:
            return plan_.setKind(targets(), LayerKind::Linear);
        case Qt::Key_P:
            return plan_.togglePins(targets());
        case Qt::Key_Space:
            return plan_.flip(selection_.currentLayer());
        case Qt::Key_Escape:
            return selection_.setLayers({});
        default:
            QWidget::keyPressEvent(event);
    }
}

void PlanStrip::contextMenuEvent(QContextMenuEvent* event) {
    const int layer = event->reason() == QContextMenuEvent::Keyboard ? selection_.currentLayer()
                                                                     : stripLayout().layerAt(event->pos());
    if (layer < 0) return;
    if (!selection_.layers().contains(layer)) selection_.setLayers({layer}, layer);
    const std::set<int> layers = targets();
    QMenu menu(this);
    menu.addAction(tr("Keep full attention\tF"), this, [&] { plan_.setKind(layers, LayerKind::Full); });
    menu.addAction(tr("Make linear\tL"), this, [&] { plan_.setKind(layers, LayerKind::Linear); });
    menu.addAction(tr("Pin or unpin\tP"), this, [&] { plan_.togglePins(layers); });
    menu.exec(event->reason() == QContextMenuEvent::Keyboard ? mapToGlobal(stripLayout().cell(layer).center().toPoint())
                                                             : event->globalPos());
}

bool PlanStrip::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const int layer = stripLayout().layerAt(help->pos());
        if (layer >= 0) {
            QToolTip::showText(help->globalPos(), toolTipOf(layer), this, stripLayout().cell(layer).toAlignedRect());
        } else {
            QToolTip::hideText();
        }
        return true;
    }
    if (event->type() == QEvent::FocusIn && selection_.currentLayer() < 0 && plan_.numLayers() > 0) {
        const Qt::FocusReason reason = static_cast<QFocusEvent*>(event)->reason();
        const bool by_keys =
            reason == Qt::TabFocusReason || reason == Qt::BacktabFocusReason || reason == Qt::ShortcutFocusReason;
        if (by_keys) selection_.setLayers({0}, 0);
    }
    return QWidget::event(event);
}

QString PlanStrip::describe(int layer) const {
    if (layer < 0 || layer >= plan_.numLayers()) return {};
    QString text =
        tr("Layer %1: %2").arg(layer).arg(plan_.kind(layer) == LayerKind::Full ? tr("full attention") : tr("linear"));
    if (plan_.hasRanking()) text += tr(", gate %1").arg(plan_.ranking().score[layer], 0, 'f', 2);
    if (plan_.pin(layer)) text += tr(", pinned");
    if (plan_.byHand(layer)) text += tr(", flipped by hand");
    return text;
}

void PlanStrip::announce() {
    if (!QAccessible::isActive() || selection_.currentLayer() < 0) return;
    QAccessibleEvent focus(this, QAccessible::Focus);
    focus.setChild(selection_.currentLayer());
    QAccessible::updateAccessibility(&focus);
}

QString PlanStrip::toolTipOf(int layer) const {
    const bool full = plan_.kind(layer) == LayerKind::Full;
    QStringList lines{tr("<b>Layer %1</b>: %2%3")
                          .arg(layer)
                          .arg(full ? tr("full attention") : tr("linear attention"))
                          .arg(plan_.pin(layer)      ? tr(", pinned")
                               : plan_.byHand(layer) ? tr(", flipped by hand")
                                                     : QString())};
    const auto line = [&lines](const QString& name, double value, int digits) {
        if (std::isfinite(value)) lines << tr("%1: %2").arg(name).arg(value, 0, 'g', digits);
    };
    if (plan_.hasRanking()) line(tr("average gate, by which layers are ranked"), plan_.ranking().score[layer], 3);
    if (static_cast<int>(details_.size()) == plan_.numLayers()) {
        line(tr("gate α at this step"), details_[layer].gate, 3);
        line(tr("gradient of the loss in α (below 0 raises the gate)"), details_[layer].gradient, 3);
        line(tr("error of the branch in this layer's place (0: as good)"), details_[layer].local_error, 3);
    }
    if (confidence_.exists && !plan_.pin(layer)) {
        const LayerConfidence& c = confidence_.layers[layer];
        lines << tr("%1 from the cut, moved by ±%2 over the last steps: %3")
                     .arg(c.distance, 0, 'f', 3)
                     .arg(c.spread, 0, 'f', 3)
                     .arg(c.sure() ? tr("sure") : tr("unsure"));
    }
    if (!full_cost_.isEmpty()) {
        lines << tr("full attention costs %1 of KV cache").arg(full_cost_);
        lines << tr("linear costs %1 of state").arg(linear_cost_);
    }
    lines << tr("<i>Click: full or linear. Keys: F full, L linear, P pin</i>");
    return lines.join("<br>");
}

}  // namespace fm
