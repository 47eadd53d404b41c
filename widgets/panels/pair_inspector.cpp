#include "widgets/panels/pair_inspector.h"

#include <QBoxLayout>
#include <QGridLayout>
#include <QLabel>
#include <QPainter>
#include <QPainterPath>
#include <algorithm>
#include <cmath>

#include "widgets/models/number_text.h"
#include "widgets/panels/panel_parts.h"
#include "widgets/theme/theme.h"

namespace fm {

namespace {

QString nat(double value) { return std::isnan(value) ? QObject::tr("not measured") : numberText(value) + " nat"; }

QLabel* figure(QWidget* parent) {
    auto* label = new QLabel(parent);
    label->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

}  // namespace

GateProfile::GateProfile(ThemeSource& theme, QWidget* parent) : QWidget(parent), theme_(theme) {
    setAccessibleName(tr("Gates of both layers over the steps"));
    setToolTip(
        tr("Gate of both layers over the steps of the gate run: top 1, full attention; bottom 0, linear.\n"
           "The second layer is dashed."));
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Preferred);
    connect(&theme_, &ThemeSource::changed, this, qOverload<>(&QWidget::update));
}

void GateProfile::setGates(std::vector<float> first, std::vector<float> second, bool first_full, bool second_full) {
    first_ = std::move(first);
    second_ = std::move(second);
    first_full_ = first_full;
    second_full_ = second_full;
    setVisible(first_.size() > 1);
    update();
}

void GateProfile::paintEvent(QPaintEvent*) {
    const Theme& theme = theme_.theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF area = QRectF(rect()).adjusted(1, 4, -1, -4);
    painter.setPen(theme.grid);
    for (const double share : {0.0, 0.5, 1.0}) {
        const double y = area.bottom() - share * area.height();
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y));
    }
    const auto draw = [&](const std::vector<float>& gates, bool full, Qt::PenStyle style) {
        if (gates.size() < 2) return;
        QPainterPath path;
        const std::size_t stride = std::max<std::size_t>(1, gates.size() / 400);
        for (std::size_t i = 0; i < gates.size(); i += stride) {
            const double x =
                area.left() + area.width() * static_cast<double>(i) / static_cast<double>(gates.size() - 1);
            const double y = area.bottom() - std::clamp(static_cast<double>(gates[i]), 0.0, 1.0) * area.height();
            i == 0 ? path.moveTo(x, y) : path.lineTo(x, y);
        }
        painter.strokePath(path, QPen(full ? theme.full : theme.linear, 1.6, style));
    };
    draw(first_, first_full_, Qt::SolidLine);
    draw(second_, second_full_, Qt::DashLine);
}

PairInspector::PairInspector(ThemeSource& theme, QWidget* parent) : QWidget(parent) {
    layout_ = new QBoxLayout(QBoxLayout::LeftToRight, this);
    layout_->setContentsMargins(2, 2, 2, 2);
    layout_->setSpacing(10);
    profile_ = new GateProfile(theme, this);
    auto* column = new QVBoxLayout;
    column->setSpacing(2);
    column->addWidget(buildTable());
    note_ = new QLabel(this);
    note_->setWordWrap(true);
    note_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    column->addWidget(note_);
    column->addStretch(1);
    layout_->addWidget(profile_);
    layout_->addLayout(column, 1);
    setUpright(false);
    showNone();
}

void PairInspector::setUpright(bool upright) {
    constexpr int profile_width = 110, profile_height = 84, column_width = 340;
    layout_->setDirection(upright ? QBoxLayout::TopToBottom : QBoxLayout::LeftToRight);
    profile_->setMaximumSize(upright ? QWIDGETSIZE_MAX : profile_width, profile_height);
    setMaximumWidth(upright ? column_width : QWIDGETSIZE_MAX);
}

QWidget* PairInspector::buildTable() {
    table_ = new QWidget(this);
    table_->setToolTip(
        tr("What linearising a layer costs (answer KL, nat) while the other one keeps full attention, and "
           "once the other one is linear"));
    auto* grid = new QGridLayout(table_);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(12);
    grid->setVerticalSpacing(1);
    grid->addWidget(faintLabel(tr("linearising costs, nat"), table_), 0, 0);
    const QString heads[] = {tr("other full"), tr("other linear")};
    for (int i = 0; i < 2; ++i) {
        QLabel* head = faintLabel(heads[i], table_);
        head->setAlignment(Qt::AlignRight);
        grid->addWidget(head, 0, 1 + i);
        Line& line = lines_[i];
        line.layer = titleLabel({}, table_);
        line.with_full = figure(table_);
        line.with_linear = figure(table_);
        line.factor = figure(table_);
        grid->addWidget(line.layer, 1 + i, 0);
        grid->addWidget(line.with_full, 1 + i, 1);
        grid->addWidget(line.with_linear, 1 + i, 2);
        grid->addWidget(line.factor, 1 + i, 3);
    }
    grid->setColumnStretch(4, 1);
    return table_;
}

void PairInspector::showNone() {
    table_->hide();
    profile_->hide();
    note_->setText(
        tr("Click a pair to see both layers' gates, and what linearising one does to the value of the other."));
}

void PairInspector::showLine(Line& line, const PairValues& values, int layer, int other) {
    const ValueChange change = valueChange(values, layer, other);
    line.layer->setText(tr("layer %1").arg(layer));
    line.with_full->setText(numberText(change.with_full));
    line.with_linear->setText(numberText(change.with_linear));
    const bool has_factor = change.with_full > 0 && change.with_linear > 0;
    line.factor->setText(has_factor ? QStringLiteral("×%1").arg(numberText(change.with_linear / change.with_full))
                                    : QString());
}

void PairInspector::showPair(const PairValues& values, int first, int second) {
    const double extra = values.at(values.extra, first, second);
    const bool known_layer = first >= 0 && first < values.num_layers;
    table_->setVisible(first != second && !std::isnan(extra));
    if (first == second) {
        const double single = known_layer ? values.single[static_cast<std::size_t>(first)] : std::nan("");
        note_->setText(tr("Layer %1 linearised alone: %2").arg(first).arg(nat(single)));
        return;
    }
    if (std::isnan(extra)) {
        note_->setText(tr("Layers %1 and %2: not measured yet.").arg(first).arg(second));
        return;
    }
    showLine(lines_[0], values, first, second);
    showLine(lines_[1], values, second, first);
    const QString both = nat(values.at(values.both, first, second));
    note_->setText((extra >= 0 ? tr("Both: %1, %2 more than the sum. Each makes up for the other: keep one.")
                               : tr("Both: %1, %2 less than the sum. Once one is linear, the other is worth less."))
                       .arg(both, nat(std::abs(extra))));
}

QString PairInspector::text() const {
    QStringList parts;
    if (table_->isVisibleTo(this))
        for (const Line& line : lines_)
            parts << QStringList{line.layer->text(), line.with_full->text(), line.with_linear->text(),
                                 line.factor->text()}
                         .join(QChar(' '));
    return (parts << note_->text()).join(QChar('\n'));
}

}  // namespace fm
