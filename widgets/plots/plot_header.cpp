#include "widgets/plots/plot_header.h"

#include <QFontMetrics>
#include <QHBoxLayout>
#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

namespace fm {

namespace {

constexpr int kHeaderSide = 10;
constexpr int kMarkWidth = 16;
constexpr int kGradientWidth = 70;
constexpr int kShortGradient = 24;  // where the texts leave no more
constexpr int kEntryGap = 14;

QFont titleFont() { return uiFont(-0.25, true); }

QFont subtitleFont() { return uiFont(-0.75); }

QFont legendFont() { return uiFont(-1.25); }

int titleRow() { return QFontMetrics(uiFont()).height() + 14; }

int legendRow() { return QFontMetrics(legendFont()).height() + 4; }

// Of a subtitle that stands below the title row; 0 when it fits into that.
int subtitleRow(const HeaderContent& content, int width, int reserved) {
    if (content.subtitle.isEmpty() || reserved == 0) return 0;
    const int title = content.title.isEmpty() ? 0 : QFontMetrics(titleFont()).horizontalAdvance(content.title) + 10;
    const int needed = title + QFontMetrics(subtitleFont()).horizontalAdvance(content.subtitle);
    return needed <= width - 2 * kHeaderSide - reserved ? 0 : QFontMetrics(subtitleFont()).height() + 3;
}

int entryWidth(const LegendEntry& entry, const QFontMetrics& metrics) {
    int width = metrics.horizontalAdvance(entry.text);
    if (entry.mark == LegendEntry::Mark::Gradient) {
        width += kGradientWidth + 12 + metrics.horizontalAdvance(entry.low) + metrics.horizontalAdvance(entry.high);
        return width + (entry.text.isEmpty() ? 0 : 6);
    }
    return entry.mark == LegendEntry::Mark::Text ? width : width + kMarkWidth;
}

void paintGradient(QPainter& painter, const QRect& rect, const LegendEntry& entry, const Theme& theme) {
    const QFontMetrics metrics(legendFont());
    const int width =
        std::clamp(kGradientWidth + rect.width() - entryWidth(entry, metrics), kShortGradient, kGradientWidth);
    int x = rect.left();
    const auto write = [&](const QString& text) {
        const int width = metrics.horizontalAdvance(text);
        painter.setPen(theme.text_faint);
        painter.drawText(QRect(x, rect.top(), width + 2, rect.height()), Qt::AlignLeft | Qt::AlignVCenter, text);
        x += width + 6;
    };
    if (!entry.text.isEmpty()) write(entry.text);
    write(entry.low);
    QLinearGradient gradient(x, 0, x + width, 0);
    for (int i = 0; i < entry.gradient.size(); ++i) {
        gradient.setColorAt(static_cast<double>(i) / (entry.gradient.size() - 1), entry.gradient[i]);
    }
    painter.fillRect(QRectF(x, rect.center().y() - 3, width, 7), gradient);
    x += width + 6;
    write(entry.high);
}

void paintMark(QPainter& painter, const QPointF& centre, const LegendEntry& entry) {
    const QPen line(entry.colour, 1.6, entry.mark == LegendEntry::Mark::Dashed ? Qt::DashLine : Qt::SolidLine);
    painter.setPen(Qt::NoPen);
    painter.setBrush(entry.colour);
    switch (entry.mark) {
        case LegendEntry::Mark::Square:
            painter.drawRoundedRect(QRectF(centre.x() - 4.5, centre.y() - 4, 9, 9), 1.5, 1.5);
            break;
        case LegendEntry::Mark::Outline:
            painter.setPen(QPen(entry.colour, 1.4));
            painter.setBrush(Qt::NoBrush);
            painter.drawRoundedRect(QRectF(centre.x() - 4.5, centre.y() - 4, 9, 9), 1.5, 1.5);
            break;
        case LegendEntry::Mark::Line:
        case LegendEntry::Mark::Dashed:
            painter.setPen(line);
            painter.drawLine(QPointF(centre.x() - 6, centre.y() + 0.5), QPointF(centre.x() + 6, centre.y() + 0.5));
            break;
        case LegendEntry::Mark::Dot:
            painter.drawEllipse(centre, 4, 4);
            break;
        case LegendEntry::Mark::HollowDot:
            painter.setPen(QPen(entry.colour, 1.6));
            painter.setBrush(Qt::NoBrush);
            painter.drawEllipse(centre, 3.6, 3.6);
            break;
        case LegendEntry::Mark::Diamond:
            painter.drawPolygon(QPolygonF(
                {centre + QPointF(0, -5), centre + QPointF(5, 0), centre + QPointF(0, 5), centre + QPointF(-5, 0)}));
            break;
        case LegendEntry::Mark::Gradient:
        case LegendEntry::Mark::Text:
            break;
    }
}

void paintEntry(QPainter& painter, const QRect& rect, const LegendEntry& entry, const Theme& theme) {
    if (entry.mark == LegendEntry::Mark::Gradient) return paintGradient(painter, rect, entry, theme);
    painter.setOpacity(entry.shown ? 1.0 : 0.4);
    const bool bare = entry.mark == LegendEntry::Mark::Text;
    if (!bare) paintMark(painter, QPointF(rect.left() + 6.5, rect.center().y() + 0.5), entry);
    painter.setPen(bare ? entry.colour : theme.text_faint);
    const QFontMetrics metrics(legendFont());
    const QRect place = rect.adjusted(bare ? 0 : kMarkWidth, 0, 2, 0);
    painter.drawText(place, Qt::AlignLeft | Qt::AlignVCenter,
                     metrics.elidedText(entry.text, Qt::ElideRight, place.width()));
    painter.setOpacity(1.0);
}

}  // namespace

QList<QRect> legendRects(const HeaderContent& content, const QRect& area, int reserved) {
    QList<QRect> rects;
    const QFontMetrics metrics(legendFont());
    const int right = area.right() - kHeaderSide;
    const bool bare = content.title.isEmpty() && content.subtitle.isEmpty();
    const int top = area.top() + (bare ? 4 : titleRow() + subtitleRow(content, area.width(), reserved));
    QPoint at(area.left() + kHeaderSide, top);
    for (const LegendEntry& entry : content.legend) {
        const int width = std::min(entryWidth(entry, metrics), right - area.left() - kHeaderSide);
        if (at.x() > area.left() + kHeaderSide && at.x() + width > right) {
            at = QPoint(area.left() + kHeaderSide, at.y() + legendRow());
        }
        rects << QRect(at, QSize(width, legendRow()));
        at.rx() += width + kEntryGap;
    }
    return rects;
}

int headerHeight(const HeaderContent& content, int width, int reserved) {
    const QList<QRect> rects = legendRects(content, QRect(0, 0, width, 1000), reserved);
    if (!rects.isEmpty()) return rects.last().bottom() + 3;
    if (content.title.isEmpty() && content.subtitle.isEmpty()) return 0;
    return titleRow() + subtitleRow(content, width, reserved);
}

void paintHeader(QPainter& painter, const QRect& area, const HeaderContent& content, const Theme& theme, int reserved) {
    painter.setRenderHint(QPainter::Antialiasing);
    int x = area.left() + kHeaderSide, top = area.top(), row = titleRow();
    int right = area.right() - kHeaderSide - reserved;
    const auto write = [&](const QString& text, const QFont& font, const QColor& colour) {
        const QRect place(x, top, std::max(0, right - x), row);
        const QFontMetrics metrics(font);
        painter.setFont(font);
        painter.setPen(colour);
        painter.drawText(place, Qt::AlignLeft | Qt::AlignVCenter,
                         metrics.elidedText(text, Qt::ElideRight, place.width()));
        x += metrics.horizontalAdvance(text) + 10;
    };
    if (!content.title.isEmpty()) write(content.title, titleFont(), theme.text);
    if (const int below = subtitleRow(content, area.width(), reserved)) {
        x = area.left() + kHeaderSide;
        right = area.right() - kHeaderSide;
        top += titleRow() - 3;
        row = below;
    }
    if (!content.subtitle.isEmpty() && right - x > 30) write(content.subtitle, subtitleFont(), theme.text_faint);
    painter.setFont(legendFont());
    const QList<QRect> rects = legendRects(content, area, reserved);
    for (int i = 0; i < rects.size(); ++i) paintEntry(painter, rects[i], content.legend[i], theme);
}

PlotHeader::PlotHeader(const ThemeSource& theme, QWidget* parent) : QWidget(parent), theme_(theme) {
    buttons_ = new QHBoxLayout(this);
    buttons_->setContentsMargins(kHeaderSide, 2, 4, 2);
    buttons_->setSpacing(2);
    buttons_->addStretch(1);
    fitHeight();
}

void PlotHeader::setContent(const HeaderContent& content) {
    content_ = content;
    fitHeight();
    update();
}

void PlotHeader::addWidget(QWidget* widget) {
    buttons_->insertWidget(1 + num_widgets_, widget, 0, Qt::AlignTop);
    ++num_widgets_;
    fitHeight();
}

void PlotHeader::setLastWidget(QWidget* widget) {
    buttons_->addWidget(widget, 0, Qt::AlignTop);
    fitHeight();
}

QSize PlotHeader::minimumSizeHint() const { return QSize(80, titleRow()); }

int PlotHeader::reserved() const {
    int width = 0;
    for (int i = 1; i < buttons_->count(); ++i) {  // beside the stretch
        const QLayoutItem& button = *buttons_->itemAt(i);
        if (!button.isEmpty()) width += button.sizeHint().width() + buttons_->spacing();
    }
    return width;
}

void PlotHeader::fitHeight() { setFixedHeight(std::max(titleRow(), headerHeight(content_, width(), reserved()))); }

void PlotHeader::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    fitHeight();
}

void PlotHeader::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    paintHeader(painter, rect(), content_, theme_.theme(), reserved());
}

void PlotHeader::mouseReleaseEvent(QMouseEvent* event) {
    const QList<QRect> rects = legendRects(content_, rect(), reserved());
    for (int i = 0; i < rects.size(); ++i) {
        if (rects[i].contains(event->pos()) && !content_.legend[i].id.isEmpty()) {
            Q_EMIT legendClicked(content_.legend[i].id);
        }
    }
}

// What does not fit is said in full in a tooltip.
bool PlotHeader::event(QEvent* event) {
    if (event->type() == QEvent::LayoutRequest) fitHeight();  // a button has come, gone, or changed its text
    if (event->type() != QEvent::ToolTip) return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const bool over_title = help->pos().y() < titleRow();
    const QString text = over_title ? content_.title + QStringLiteral(": ") + content_.subtitle
                                    : tr("Click an entry to hide or show its curve");
    const bool clickable = std::any_of(content_.legend.begin(), content_.legend.end(),
                                       [](const LegendEntry& entry) { return !entry.id.isEmpty(); });
    if (over_title || clickable) QToolTip::showText(help->globalPos(), text, this);
    return true;
}

}  // namespace fm
