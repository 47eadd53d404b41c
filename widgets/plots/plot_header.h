// Title, faint subtitle and legend above a figure: one painter for the window and for exported pictures.
#pragma once

#include <QColor>
#include <QList>
#include <QRect>
#include <QString>
#include <QWidget>

#include "widgets/theme/theme.h"

class QHBoxLayout;

namespace fm {

struct LegendEntry {
    enum class Mark { Square, Outline, Line, Dashed, Dot, HollowDot, Diamond, Gradient, Text };
    Mark mark = Mark::Square;
    QColor colour;
    QString text;
    QString id;  // of the curve it switches on and off; empty when it switches nothing
    bool shown = true;
    QList<QColor> gradient;  // Mark::Gradient, from `low` to `high`
    QString low;
    QString high;
};

struct HeaderContent {
    QString title;
    QString subtitle;
    QList<LegendEntry> legend;
};

// `reserved` pixels at the right end of the title row belong to others (buttons). A subtitle that does not fit beside
// them has a row of its own.
int headerHeight(const HeaderContent& content, int width, int reserved = 0);
void paintHeader(QPainter& painter, const QRect& area, const HeaderContent& content, const Theme& theme,
                 int reserved = 0);
// Where each legend entry stands, wrapped into rows below the title row.
QList<QRect> legendRects(const HeaderContent& content, const QRect& area, int reserved = 0);

class PlotHeader : public QWidget {
    Q_OBJECT
public:
    PlotHeader(const ThemeSource& theme, QWidget* parent);
    void setContent(const HeaderContent& content);
    const HeaderContent& content() const { return content_; }
    void addWidget(QWidget* widget);  // at the right end, before the last one
    void setLastWidget(QWidget* widget);
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    void legendClicked(const QString& id);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    bool event(QEvent* event) override;

private:
    void fitHeight();
    int reserved() const;  // pixels of the title row that the buttons take

    const ThemeSource& theme_;
    HeaderContent content_;
    QHBoxLayout* buttons_ = nullptr;
    int num_widgets_ = 0;
};

}  // namespace fm
