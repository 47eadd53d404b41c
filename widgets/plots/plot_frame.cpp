#include "widgets/plots/plot_frame.h"

#include <qcustomplot.h>

#include <QAccessible>
#include <QContextMenuEvent>
#include <QFileDialog>
#include <QKeyEvent>
#include <QLabel>
#include <QMenu>
#include <QToolButton>
#include <QVBoxLayout>

#include "core/base/error.h"
#include "widgets/plots/plot_export.h"

namespace fm {

namespace {

constexpr int kFrameMs = 33;
constexpr int kCorner = 5;  // radius, as in the style sheet

// Figures take turns, one in a turn of the event loop: a window where all of them are due must not pause.
bool takeTurn() {
    static bool taken = false;
    if (taken) return false;
    taken = true;
    QTimer::singleShot(0, qApp, [] { taken = false; });
    return true;
}

}  // namespace

PlotFrame::PlotFrame(const ThemeSource& theme, const QString& name, QWidget* parent)
    : QWidget(parent), theme_(theme), name_(name) {
    setFocusPolicy(Qt::StrongFocus);
    setMinimumSize(160, 130);
    layout_ = new QVBoxLayout(this);
    layout_->setContentsMargins(1, 0, 1, kCorner - 1);  // the border of what holds the figure stays visible
    layout_->setSpacing(0);
    header_ = new PlotHeader(theme, this);
    layout_->addWidget(header_);
    empty_ = new QLabel(this);
    empty_->setProperty("role", "faint");
    empty_->setAlignment(Qt::AlignCenter);
    empty_->setWordWrap(true);
    empty_->setMargin(16);
    layout_->addWidget(empty_, 1);
    overlay_ = new PlotOverlay(theme, this);
    menu_ = new QMenu(this);
    addExportActions();
    addMenuButton();
    timer_.setSingleShot(true);
    timer_.setTimerType(Qt::PreciseTimer);  // coarse ones are moved together, and all of them would share one turn
    connect(&timer_, &QTimer::timeout, this, [this] {
        if (!isVisible()) return;
        takeTurn() ? refreshNow() : timer_.start(1);
    });
    connect(&theme_, &ThemeSource::changed, this, [this] {
        themeChanged();
        markStale();
        header_->update();
    });
    connect(header_, &PlotHeader::legendClicked, this, [this](const QString& id) { legendClicked(id); });
}

void PlotFrame::addExportActions() {
    addFigureAction(tr("Copy as picture"), {QKeySequence::Copy}, tr("Put the figure on the clipboard"),
                    [this] { copyPicture(*this); });
    addFigureAction(tr("Save as PNG…"), {}, tr("Save the figure as a picture of pixels, twice the size on screen"),
                    [this] { saveWithDialog(tr("PNG picture (*.png)"), QStringLiteral("png"), false); });
    addFigureAction(tr("Save as SVG…"), {}, tr("Save the figure as lines and text, for papers and slides"),
                    [this] { saveWithDialog(tr("SVG drawing (*.svg)"), QStringLiteral("svg"), false); });
    addFigureAction(tr("Save as PDF…"), {}, tr("Save the figure as a page of its own size"),
                    [this] { saveWithDialog(tr("PDF page (*.pdf)"), QStringLiteral("pdf"), false); });
    addFigureAction(tr("Save numbers as CSV…"), {},
                    tr("Save the numbers as they were measured, neither smoothed nor thinned"),
                    [this] { saveWithDialog(tr("Table (*.csv)"), QStringLiteral("csv"), true); });
    menu_->addSeparator();
}

void PlotFrame::addMenuButton() {
    auto* button = new QToolButton(header_);
    button->setText(QStringLiteral("⋯"));
    button->setProperty("role", "flat");
    button->setFocusPolicy(Qt::NoFocus);  // the figure's Menu key opens the same menu
    button->setPopupMode(QToolButton::InstantPopup);
    button->setMenu(menu_);
    button->setToolTip(tr("Copy or save this figure and its numbers; change its view"));
    button->setAccessibleName(tr("Figure menu"));
    header_->setLastWidget(button);
}

QAction* PlotFrame::addFigureAction(const QString& text, const QList<QKeySequence>& keys, const QString& help,
                                    const std::function<void()>& run) {
    auto* action = new QAction(text, this);
    action->setShortcuts(keys);
    action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    action->setToolTip(help);
    action->setStatusTip(help);
    connect(action, &QAction::triggered, this, [run] { run(); });
    addAction(action);
    menu_->addAction(action);
    return action;
}

void PlotFrame::saveWithDialog(const QString& filter, const QString& ending, bool numbers) {
    const QString path = QFileDialog::getSaveFileName(this, tr("Save %1").arg(title()), name_ + '.' + ending, filter);
    if (path.isEmpty()) return;
    try {
        numbers ? saveCsv(*this, path) : savePicture(*this, path);
    } catch (const WorldError& error) {
        Q_EMIT failed(QString::fromUtf8(error.what()));
    }
}

void PlotFrame::setTitle(const QString& title) {
    content_.title = title;
    setAccessibleName(title);
    updateHeader();
}

void PlotFrame::setSubtitle(const QString& subtitle) {
    if (subtitle == content_.subtitle) return;
    content_.subtitle = subtitle;
    updateHeader();
}

void PlotFrame::setTitleShown(bool shown) {
    title_shown_ = shown;
    updateHeader();
}

void PlotFrame::setEmptyText(const QString& sentence) { empty_->setText(sentence); }

void PlotFrame::addHeaderWidget(QWidget* widget) { header_->addWidget(widget); }

void PlotFrame::setLegend(const QList<LegendEntry>& legend) {
    content_.legend = legend;
    updateHeader();
}

void PlotFrame::updateHeader() {
    HeaderContent shown = content_;
    if (!title_shown_) shown.title.clear();
    header_->setContent(shown);
}

void PlotFrame::setAccessibleSummary(const QString& sentence) {
    summary_ = sentence;
    describe(std::nullopt);
}

// For those who listen: the values under the crosshair.
void PlotFrame::describe(const std::optional<ReadOut>& read_out) {
    QStringList parts = {summary_};
    if (read_out) {
        parts = QStringList{read_out->heading};
        for (const ReadOutLine& line : read_out->lines) parts << line.label + ' ' + line.value;
    }
    setAccessibleDescription(parts.join(QStringLiteral(", ")));
}

void PlotFrame::setCanvas(QWidget* canvas) {
    canvas_ = canvas;
    canvas_->setFocusPolicy(Qt::NoFocus);
    canvas_->setVisible(false);
    layout_->addWidget(canvas_, 1);
    overlay_->raise();
}

void PlotFrame::markStale() {
    stale_ = true;
    if (timer_.isActive() || !isVisible()) return;
    const qint64 waited = since_refresh_.isValid() ? since_refresh_.elapsed() : kFrameMs;
    timer_.start(static_cast<int>(std::max<qint64>(0, kFrameMs - waited)));
}

void PlotFrame::refreshNow() {
    timer_.stop();
    stale_ = false;
    since_refresh_.start();
    ++num_refreshes_;
    const bool filled = hasData();
    empty_->setVisible(!filled);
    canvas_->setVisible(filled);
    layout_->activate();  // a canvas that has just been shown gets its size before it draws
    if (filled) refresh();
}

void PlotFrame::setReadOut(const std::optional<ReadOut>& read_out) {
    if (QAccessible::isActive()) describe(read_out);
    std::optional<ReadOut> moved = read_out;
    if (moved) {
        moved->at += canvas_->pos();
        moved->box.translate(canvas_->pos());
    }
    overlay_->setReadOut(moved, plotArea().translated(canvas_->pos()));
    if (!read_out) Q_EMIT readOutHidden();
}

void PlotFrame::setLinkedLine(std::optional<double> x) {
    if (x) *x += canvas_->x();
    overlay_->setLinkedLine(x, plotArea().translated(canvas_->pos()));
}

QSize PlotFrame::pictureSize() const {
    const QSize canvas = canvas_->isVisible() ? canvas_->size() : QSize(560, 360);
    return QSize(canvas.width(), canvas.height() + headerHeight(content_, canvas.width()));
}

void PlotFrame::drawPicture(QPaintDevice& device, const QSize& size) {
    QCPPainter painter(&device);
    const bool pixels = device.devType() == QInternal::Image || device.devType() == QInternal::Pixmap;
    painter.setMode(pixels ? QCPPainter::pmNoCaching : QCPPainter::pmVectorized);
    const QRect header(0, 0, size.width(), headerHeight(content_, size.width()));
    const QRect figure(0, header.height(), size.width(), size.height() - header.height());
    painter.fillRect(QRect(QPoint(0, 0), size), theme().panel);
    painter.save();
    if (hasData()) {
        drawFigure(painter, figure);
    } else {
        painter.setFont(uiFont());
        painter.setPen(theme().text_faint);
        painter.drawText(figure.adjusted(16, 0, -16, 0), Qt::AlignCenter | Qt::TextWordWrap, empty_->text());
    }
    painter.restore();
    painter.fillRect(header, theme().panel);  // last: vector formats do not clip what a figure draws beyond its edge
    paintHeader(painter, header, content_, theme());
}

void PlotFrame::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    if (stale_) refreshNow();
    fitOverlay();
}

void PlotFrame::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    fitOverlay();
}

void PlotFrame::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme().panel);
    const QRectF inside = QRectF(rect()).adjusted(1, 0, -1, -1);
    painter.drawRoundedRect(inside, kCorner, kCorner);
    painter.fillRect(inside.adjusted(0, 0, 0, -kCorner), theme().panel);  // square at the top, below a title bar
}

void PlotFrame::fitOverlay() { overlay_->setGeometry(rect()); }

void PlotFrame::focusInEvent(QFocusEvent* event) {
    QWidget::focusInEvent(event);
    const Qt::FocusReason reason = event->reason();  // the ring helps those who came by keyboard
    overlay_->setFocusRing(reason == Qt::TabFocusReason || reason == Qt::BacktabFocusReason ||
                           reason == Qt::ShortcutFocusReason);
}

void PlotFrame::focusOutEvent(QFocusEvent* event) {
    QWidget::focusOutEvent(event);
    overlay_->setFocusRing(false);
    setReadOut(std::nullopt);
}

void PlotFrame::keyPressEvent(QKeyEvent* event) {
    const auto move = [&](int columns, int rows) {
        (event->modifiers() & Qt::ShiftModifier) ? moveReadOut(columns, rows) : pan(columns, rows);
    };
    switch (event->key()) {
        case Qt::Key_Left:
            return move(-1, 0);
        case Qt::Key_Right:
            return move(1, 0);
        case Qt::Key_Up:
            return move(0, -1);
        case Qt::Key_Down:
            return move(0, 1);
        case Qt::Key_Return:
        case Qt::Key_Enter:
        case Qt::Key_Space:
            return activate();
        case Qt::Key_Escape:
            setReadOut(std::nullopt);
            return QWidget::keyPressEvent(event);
        default:
            QWidget::keyPressEvent(event);
    }
}

void PlotFrame::contextMenuEvent(QContextMenuEvent* event) { menu_->popup(event->globalPos()); }

}  // namespace fm
