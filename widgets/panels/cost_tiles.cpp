#include "widgets/panels/cost_tiles.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QPainter>
#include <algorithm>
#include <cmath>
#include <utility>

#include "widgets/models/number_text.h"
#include "widgets/models/probe_text.h"
#include "widgets/panels/plan_strip.h"
#include "widgets/panels/sign_icon.h"
#include "widgets/state/cost_state.h"
#include "widgets/state/plan_state.h"
#include "widgets/theme/theme.h"

namespace fm {
namespace {

const std::int64_t kContexts[] = {2048, 4096, 8192, 16384, 32768, 65536, 131072};
constexpr int kPadding = 18, kDetailGap = 7;
const QString kDash = QString::fromUtf8("–");

}  // namespace

CostTile::CostTile(ThemeSource& theme, QWidget* parent) : QWidget(parent), theme_(theme) {
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&theme_, &ThemeSource::changed, this, qOverload<>(&QWidget::update));
}

void CostTile::setContent(const Content& content) {
    if (content == content_) return;
    content_ = content;
    setAccessibleName(content.name + ": " + content.value + " " + content.detail);
    update();
}

void CostTile::setChoices(const std::vector<std::pair<QString, std::int64_t>>& choices) {
    choices_ = choices;
    setFocusPolicy(Qt::StrongFocus);
    setCursor(Qt::PointingHandCursor);
}

void CostTile::openMenu() {
    QMenu menu(this);
    for (const auto& [name, value] : choices_) menu.addAction(name, this, [this, v = value] { Q_EMIT chosen(v); });
    menu.exec(mapToGlobal(QPoint(0, height())));
}

void CostTile::mousePressEvent(QMouseEvent* event) {
    if (!choices_.empty() && event->button() == Qt::LeftButton) openMenu();
}

void CostTile::keyPressEvent(QKeyEvent* event) {
    const bool opens = event->key() == Qt::Key_Space || event->key() == Qt::Key_Return || event->key() == Qt::Key_Down;
    if (!choices_.empty() && opens) return openMenu();
    QWidget::keyPressEvent(event);
}

void CostTile::paintEvent(QPaintEvent*) {
    const Theme& theme = theme_.theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF frame = QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5);
    QPen pen(theme.panel_border, 1);
    if (content_.kind == Kind::Measured) pen.setColor(theme.accent);
    if (content_.kind == Kind::Predicted) {
        pen.setColor(theme.predicted);
        pen.setStyle(Qt::DashLine);
    }
    painter.setPen(pen);
    painter.setBrush(content_.kind == Kind::Measured ? QBrush(withAlpha(theme.accent, 24)) : QBrush(Qt::NoBrush));
    painter.drawRoundedRect(frame, 4, 4);
    if (hasFocus()) {
        painter.setPen(QPen(theme.accent, 2));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(frame.adjusted(1, 1, -1, -1), 4, 4);
    }
    const QRectF inner = frame.adjusted(9, 5, -8, -5);
    painter.setFont(uiFont(-1.5));
    painter.setPen(theme.text_faint);
    painter.drawText(inner, Qt::AlignLeft | Qt::AlignTop,
                     painter.fontMetrics().elidedText(content_.name, Qt::ElideRight, int(inner.width()) - 14));
    if (!choices_.empty())
        signIcon(Sign::Down).paint(&painter, QRectF(inner.right() - 10, inner.top() + 2, 10, 10).toRect());
    painter.setFont(valueFont(int(inner.width())));
    painter.setPen(theme.text);
    const int value_width = painter.fontMetrics().horizontalAdvance(content_.value);
    const QRectF value_room = three_lines_ ? inner.adjusted(0, 0, 0, -17) : inner;
    painter.drawText(value_room, Qt::AlignLeft | Qt::AlignBottom, content_.value);
    painter.setFont(uiFont(-1.5));
    painter.setPen(theme.text_faint);
    const QRectF rest = three_lines_ ? inner : inner.adjusted(value_width + kDetailGap, 0, 0, -1);
    painter.drawText(rest, Qt::AlignLeft | Qt::AlignBottom,
                     painter.fontMetrics().elidedText(content_.detail, Qt::ElideRight, int(rest.width())));
}

// A value with its interval may be long: it gives up size before it gives up digits.
QFont CostTile::valueFont(int room) const {
    for (const double smaller : {0.0, 1.5, 3.0}) {
        const QFont font = uiFont(2 - smaller, true);
        if (QFontMetrics(font).horizontalAdvance(content_.value) <= room) return font;
    }
    return uiFont(-1.5, true);
}

bool CostTile::fitsInTwoLines() const {
    const int value = QFontMetrics(uiFont(2, true)).horizontalAdvance(content_.value);
    const int detail = QFontMetrics(uiFont(-1.5)).horizontalAdvance(content_.detail);
    return value + kDetailGap + detail <= width() - kPadding;
}

void CostTile::setThreeLines(bool three) {
    if (std::exchange(three_lines_, three) == three) return;
    updateGeometry();
    update();
}

CostTiles::CostTiles(CostState& cost, const PlanState& plan, const PlanStrip& strip, ThemeSource& theme,
                     QWidget* parent)
    : QWidget(parent), cost_(cost), plan_(plan), strip_(strip) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    for (int i = 0; i <= Margin; ++i) {
        tiles_.push_back(new CostTile(theme, this));
        row->addWidget(tiles_.back(), i == StateBytes ? 3 : i == Kv || i == Decode ? 4 : 5);
    }
    std::vector<std::pair<QString, std::int64_t>> contexts;
    for (const std::int64_t tokens : kContexts) contexts.push_back({tr("%1 tokens").arg(tokensText(tokens)), tokens});
    tiles_[Decode]->setChoices(contexts);
    connect(tiles_[Decode], &CostTile::chosen, &cost_, &CostState::setContextTokens);
    connect(&cost_, &CostState::changed, this, &CostTiles::refresh);
    connect(&strip_, &PlanStrip::confidenceChanged, this, &CostTiles::showMargin);
    refresh();
}

void CostTiles::refresh() {
    showCost();
    showQuality();
    showMargin();
    fit();
}

void CostTiles::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    fit();
}

// All tiles alike: three lines as soon as one needs them.
void CostTiles::fit() {
    const bool two = std::all_of(tiles_.begin(), tiles_.end(), [](const CostTile* t) { return t->fitsInTwoLines(); });
    for (CostTile* tile : tiles_) tile->setThreeLines(!two);
}

void CostTiles::showCost() {
    const QString at = tokensText(cost_.query().context_tokens);
    if (!cost_.cost()) {
        const QString why = cost_.plan().kinds.empty() ? QString() : tr("waiting for the engine");
        tiles_[Kv]->setContent({tr("KV cache"), kDash, why});
        tiles_[StateBytes]->setContent({tr("Linear state"), kDash, {}});
        tiles_[Decode]->setContent({tr("Decode at %1").arg(at), kDash, {}});
    } else {
        const PlanCost& cost = *cost_.cost();
        tiles_[Kv]->setContent({tr("KV cache"), bytesText(double(cost.kv_bytes_per_token)),
                                tr("per token · %1 %").arg(100 * cost.kv_share, 0, 'f', 0)});
        tiles_[StateBytes]->setContent({tr("Linear state"), bytesText(double(cost.state_bytes)), tr("once")});
        tiles_[Decode]->setContent({tr("Decode at %1").arg(at),
                                    QString::fromUtf8("×%1").arg(cost.decode_speedup, 0, 'f', 2), tr("predicted"),
                                    CostTile::Kind::Predicted});
    }
    tiles_[Kv]->setToolTip(
        tr("Memory for keys and values that each token of context takes, of all full-attention layers, and the share "
           "of the teacher's. Computed from the model's sizes, exact."));
    tiles_[StateBytes]->setToolTip(
        tr("What the linear layers remember of a sequence: always this much, however long the context. Exact."));
    tiles_[Decode]->setToolTip(
        tr("How many times faster than the teacher the hybrid writes a token at this context length: predicted from "
           "the bytes that must be read, not timed. Click to choose another length."));
}

// How far a measurement has come: "measured · n 85", while it refines "measuring · n 24 of 102".
QString CostTiles::progressText(const MeasuredPlan& m, const Estimate& estimate) const {
    if (m.complete) return (m.measured ? tr("measured · n %1") : tr("few sequences · n %1")).arg(estimate.n);
    const QString word = m.measured ? tr("measured") : cost_.measuring() ? tr("measuring") : tr("unfinished");
    return tr("%1 · n %2 of %3").arg(word).arg(m.sequences()).arg(m.planned_sequences);
}

void CostTiles::showQuality() {
    CostTile::Content recall{tr("Recall"), kDash, {}}, kl{tr("KL to teacher"), kDash, {}};
    QString tip;
    const std::optional<MeasuredPlan>& m = cost_.measured();
    if (m && m->exact_match.known()) {
        const CostTile::Kind kind = m->measured ? CostTile::Kind::Measured : CostTile::Kind::Plain;
        recall = {tr("Recall, probe"), shareText(m->exact_match), progressText(*m, m->exact_match), kind};
        kl = {tr("KL to teacher"), numberText(m->answer_kl), progressText(*m, m->answer_kl), kind};
        tip = tr("Measured on %1, questions about texts that no training has seen. In brackets the 95 % interval; n is "
                 "the number of sequences.")
                  .arg(probeText(cost_.measurements(), m->identity));
        if (!m->run.empty())
            tip +=
                "\n" + tr("From run %1 (%2).").arg(QString::fromStdString(m->run), QString::fromStdString(m->source));
    } else if (cost_.predicted()) {
        const Prediction& p = *cost_.predicted();
        const QString word = cost_.measuring() ? tr("predicted, probing …") : tr("predicted");
        recall = {tr("Recall"), QString::fromUtf8("≈ %1").arg(p.exact_match, 0, 'f', 2), word,
                  CostTile::Kind::Predicted};
        kl = {tr("KL to teacher"), QString::fromUtf8("≈ %1").arg(numberText(p.answer_kl)), word,
              CostTile::Kind::Predicted};
        tip = tr("Predicted from single layers and pairs, calibrated on the plans that %1 has measured: recall is "
                 "typically wrong by %2, KL by a factor of %3. When the plan rests, the engine measures it.")
                  .arg(probeText(cost_.measurements(), cost_.measurements().probe()))
                  .arg(p.exact_match_error, 0, 'f', 2)
                  .arg(p.answer_kl_factor, 0, 'f', 2);
    } else {
        recall.detail = kl.detail = cost_.measuring() ? tr("probing …") : tr("no prediction yet");
        tip = QString::fromStdString(cost_.predictor().missing());
    }
    if (!cost_.probeText().isEmpty()) tip += "\n" + cost_.probeText();
    tiles_[Recall]->setContent(recall);
    tiles_[Kl]->setContent(kl);
    tiles_[Recall]->setToolTip(tr("Share of hidden facts that this plan answers exactly, before any recovery.") + "\n" +
                               tip);
    tiles_[Kl]->setToolTip(tr("How far this plan's answers are from the teacher's, before any recovery: 0 is no "
                              "difference (Kullback-Leibler divergence, nat per token).") +
                           "\n" + tip);
}

void CostTiles::showMargin() {
    const CutConfidence& confidence = strip_.confidence();
    CostTile::Content margin{tr("Cut margin"), kDash, tr("no gates yet")};
    if (plan_.hasRanking() && confidence.exists) {
        const bool tie = std::abs(confidence.margin) <= kSmallestMargin;
        margin.value = QString::number(tie ? 0 : confidence.margin, 'f', std::abs(confidence.margin) < 0.1 ? 3 : 2);
        margin.value.replace(QChar('-'), QChar(0x2212));
        margin.detail =
            tie                     ? tr("undecided: a tie")
            : confidence.margin < 0 ? tr("the gates disagree")
            : confidence.undecided()
                ? tr("within gates' movement")
                : tr("%1 of %2 layers sure").arg(confidence.sureFullLayers(plan_.plan())).arg(plan_.budget());
    } else if (plan_.hasRanking()) {
        margin.detail = tr("nothing to cut");
    }
    tiles_[Margin]->setContent(margin);
    tiles_[Margin]->setToolTip(
        tr("Distance between the lowest gate that stays full and the highest that becomes linear.\n"
           "Near 0, or within what these gates still move (%1), the order of the two layers is undecided: try both.\n"
           "Below 0 the plan keeps a layer whose gate is lower than one it gives up: swapped or flipped by hand.\n"
           "A layer is sure when its gate is more than two standard deviations of its last steps away from the cut.")
            .arg(confidence.noise, 0, 'f', 3));
}

}  // namespace fm
