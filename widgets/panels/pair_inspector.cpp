#include "widgets/panels/pair_inspector.h"

#include <QBoxLayout>
#include <QGridLayout>
#include <QLabel>
#include <QPainter>
#include <QPainterPath>
#include <QToolButton>
#include <algorithm>
#include <cmath>

#include "widgets/models/number_text.h"
#include "widgets/panels/elided_label.h"
#include "widgets/panels/panel_parts.h"
#include "widgets/theme/theme.h"

namespace fm {

namespace {

QString nat(double value) { return std::isnan(value) ? QObject::tr("not measured") : numberText(value) + " nat"; }

constexpr double kNothing = 1e-4;  // nat; below it a cost is noise, and a ratio to it says nothing

QString costText(double value) { return std::abs(value) < kNothing ? QString::fromUtf8("≈ 0") : numberText(value); }

// How many times more a layer is worth once the other one is linear.
QString factorText(double with_full, double with_linear) {
    if (!(with_full >= kNothing && with_linear >= kNothing)) return {};
    const double factor = with_linear / with_full;
    return factor > 1000 ? QString::fromUtf8("× >1000") : QString::fromUtf8("×%1").arg(numberText(factor));
}

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
    painter.setFont(uiFont(-2));
    const QFontMetrics metrics = painter.fontMetrics();
    const QRectF area = QRectF(rect()).adjusted(1, 6, -metrics.horizontalAdvance("1") - 4, -metrics.height() - 4);
    painter.setPen(theme.text_faint);
    for (const int gate : {0, 1}) {
        const QRectF at(area.right() + 2, area.bottom() - gate * area.height() - 8, width() - area.right(), 16);
        painter.drawText(at, Qt::AlignLeft | Qt::AlignVCenter, QString::number(gate));
    }
    const QString caption = tr("gates over steps");
    const bool fits = metrics.horizontalAdvance(caption) < width();
    painter.drawText(rect(), Qt::AlignHCenter | Qt::AlignBottom, fits ? caption : tr("gates"));
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
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(2, 2, 2, 2);
    column->setSpacing(2);
    figures_ = new QWidget(this);
    layout_ = new QBoxLayout(QBoxLayout::LeftToRight, figures_);
    layout_->setContentsMargins(0, 0, 0, 0);
    layout_->setSpacing(10);
    profile_ = new GateProfile(theme, figures_);
    layout_->addWidget(profile_);
    layout_->addWidget(buildTable(), 1);
    column->addWidget(figures_);
    auto* said = new QHBoxLayout;
    note_ = new QLabel(this);
    note_->setWordWrap(true);
    note_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    details_ = flatButton({}, tr("Both layers' gates and what linearising one costs, in place of the map"), this);
    details_->setAccessibleName(tr("Details of the pair"));
    said->addWidget(note_, 1);
    said->addWidget(details_, 0, Qt::AlignTop);
    column->addLayout(said);
    column->addStretch(1);
    connect(details_, &QToolButton::clicked, this, [this] { Q_EMIT detailsWanted(!detailed_); });
    setForm(Form::Row);
    showNone();
}

void PairInspector::setForm(Form form) {
    constexpr int column_profile = 84, row_profile = 64, alone_profile = 160, column_width = 340;
    form_ = form;
    const bool column = form == Form::Column;
    // A row takes what width there is: a click on a pair must not move the docks.
    setSizePolicy(column ? QSizePolicy::Preferred : QSizePolicy::Ignored, QSizePolicy::Preferred);
    layout_->setDirection(form == Form::Row ? QBoxLayout::LeftToRight : QBoxLayout::TopToBottom);
    profile_->setMaximumHeight(column ? column_profile : form == Form::Row ? row_profile : alone_profile);
    setMaximumWidth(column ? column_width : QWIDGETSIZE_MAX);
    fitProfile();
    showParts();
}

void PairInspector::setDetailed(bool detailed) {
    detailed_ = detailed;
    showParts();
}

void PairInspector::showParts() {
    figures_->setVisible(form_ != Form::Sentence || detailed_);
    details_->setVisible(form_ == Form::Sentence && hasDetails());
    details_->setText(detailed_ ? tr("map") : tr("details"));
}

void PairInspector::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    fitProfile();
}

// The figures come first: in a narrow dock the profile gives way.
void PairInspector::fitProfile() {
    constexpr int usual_width = 110, least_width = 70, narrow = 420;
    profile_->setMaximumWidth(form_ != Form::Row ? QWIDGETSIZE_MAX : width() < narrow ? least_width : usual_width);
}

QWidget* PairInspector::buildTable() {
    table_ = new QWidget(figures_);
    table_->setToolTip(
        tr("What linearising a layer costs (answer KL, nat) while the other one keeps full attention, and "
           "once the other one is linear"));
    auto* grid = new QGridLayout(table_);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(9);
    grid->setVerticalSpacing(1);
    ElidedLabel* costs = faintElidedLabel(table_);
    const QString shorter = tr("costs, nat");
    costs->setFullText(tr("linearising costs, nat"), shorter);
    costs->setMinimumWidth(costs->fontMetrics().horizontalAdvance(shorter) + 4);
    grid->addWidget(costs, 0, 0);
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
    showParts();
    note_->setText(
        tr("Click a pair to see both layers' gates, and what linearising one does to the value of the other."));
}

void PairInspector::showLine(Line& line, const PairValues& values, int layer, int other) {
    const ValueChange change = valueChange(values, layer, other);
    line.layer->setText(tr("layer %1").arg(layer));
    line.with_full->setText(costText(change.with_full));
    line.with_linear->setText(costText(change.with_linear));
    line.factor->setText(factorText(change.with_full, change.with_linear));
}

void PairInspector::showPair(const PairValues& values, int first, int second) {
    const double extra = values.at(values.extra, first, second);
    const bool known_layer = first >= 0 && first < values.num_layers;
    table_->setVisible(first != second && !std::isnan(extra));
    showParts();
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
