// What every figure has: title, subtitle and legend, an empty state that says what to do, read-out, focus ring, actions
// (also a context menu) to copy and save it, keys to move in it, and at most one redraw per 33 ms while it is visible.
#pragma once

#include <QElapsedTimer>
#include <QTimer>
#include <QWidget>

#include <optional>

#include "widgets/plots/exportable_plot.h"
#include "widgets/plots/plot_header.h"
#include "widgets/plots/plot_overlay.h"
#include "widgets/theme/theme.h"

class QAction;
class QCPPainter;
class QLabel;
class QMenu;
class QVBoxLayout;

namespace fm {

class PlotFrame : public QWidget, public ExportablePlot {
    Q_OBJECT
public:
    // `name` is the file name of exported pictures, without ending.
    PlotFrame(const ThemeSource& theme, const QString& name, QWidget* parent);

    void setTitle(const QString& title);  // also the accessible name
    void setSubtitle(const QString& subtitle);
    const QString& subtitle() const { return content_.subtitle; }
    void setTitleShown(bool shown);              // off where a dock's title already says it; pictures keep it
    void setEmptyText(const QString& sentence);  // shown while there are no data: what to do next
    void addHeaderWidget(QWidget* widget);       // at the right end of the title row
    QString title() const { return content_.title; }

    // Copy, save picture, save numbers, then those of the figure; each has a shortcut that works while it has focus.
    QList<QAction*> figureActions() const { return actions(); }
    // Draws now what is pending; for pictures and tests.
    void refreshNow();
    int numRefreshes() const { return num_refreshes_; }
    const PlotOverlay& overlay() const { return *overlay_; }

    QString plotName() const override { return name_; }
    QSize pictureSize() const override;
    void drawPicture(QPaintDevice& device, const QSize& size) override;

Q_SIGNALS:
    void failed(const QString& sentence);  // a picture or table could not be written
    void readOutHidden();

protected:
    const Theme& theme() const { return theme_.theme(); }
    // What draws the figure; it takes the space below the header.
    void setCanvas(QWidget* canvas);
    QWidget* canvas() const { return canvas_; }
    // Data, theme or view changed: asks for refresh(), soon and only while visible.
    void markStale();
    void setLegend(const QList<LegendEntry>& legend);
    void setReadOut(const std::optional<ReadOut>& read_out);  // in the canvas's pixels
    void setLinkedLine(std::optional<double> x);              // of another figure's crosshair, in the canvas's pixels
    QAction* addFigureAction(const QString& text, const QList<QKeySequence>& keys, const QString& help,
                             const std::function<void()>& run);
    void setAccessibleSummary(const QString& sentence);  // what the figure shows; read-outs are added to it

    virtual bool hasData() const = 0;
    virtual void refresh() = 0;
    virtual void drawFigure(QCPPainter& painter, const QRect& area) = 0;
    virtual QRect plotArea() const = 0;  // of the crosshair, in the canvas's pixels
    virtual void themeChanged() { markStale(); }
    virtual void legendClicked(const QString& id) { Q_UNUSED(id) }
    virtual void moveReadOut(int columns, int rows) {
        Q_UNUSED(columns)
        Q_UNUSED(rows)
    }
    virtual void pan(int columns, int rows) {
        Q_UNUSED(columns)
        Q_UNUSED(rows)
    }
    virtual void activate() {}  // Enter: a click where the read-out is

    void paintEvent(QPaintEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;

private:
    void addExportActions();
    void addMenuButton();
    void saveWithDialog(const QString& filter, const QString& ending, bool numbers);
    void fitOverlay();
    void updateHeader();
    void describe(const std::optional<ReadOut>& read_out);

    const ThemeSource& theme_;
    QString name_;
    QString summary_;
    HeaderContent content_;
    bool title_shown_ = true;
    QVBoxLayout* layout_ = nullptr;
    PlotHeader* header_ = nullptr;
    QLabel* empty_ = nullptr;
    QWidget* canvas_ = nullptr;
    PlotOverlay* overlay_ = nullptr;
    QMenu* menu_ = nullptr;
    QTimer timer_;
    QElapsedTimer since_refresh_;
    bool stale_ = true;
    int num_refreshes_ = 0;
};

}  // namespace fm
