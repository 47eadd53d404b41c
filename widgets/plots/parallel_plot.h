// Parallel coordinates: one axis per setting or result, one line per run. Brushes on any axes leave the runs that lie
// in all of them.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "widgets/plots/plot_frame.h"

namespace fm {

struct ParallelAxis {
    QString label;
    QString unit;
    bool log = false;  // values of zero and below then count as missing
};

struct ParallelLine {
    QString id;
    QString label;
    std::vector<double> values;  // one per axis; NaN: missing, drawn below the axis
    bool pinned = false;         // the teacher and what else is always shown
    bool selected = false;
    std::vector<std::pair<double, double>> intervals = {};  // one per axis, NaN: none; drawn where the line is selected
};

class ParallelPlot : public PlotFrame {
    Q_OBJECT
public:
    explicit ParallelPlot(const ThemeSource& theme, QWidget* parent = nullptr);

    void setAxes(const std::vector<ParallelAxis>& axes);  // drops lines and brushes
    void setLines(const std::vector<ParallelLine>& lines);
    void setColourAxis(int axis);  // lines are coloured by their value there; -1: the last axis
    // Values outside [low, high] are brushed away; pinned lines always stay.
    void setBrush(int axis, std::optional<std::pair<double, double>> low_high);
    void clearBrushes();
    std::optional<std::pair<double, double>> brush(int axis) const;
    std::vector<QString> keptIds() const;

    // In this widget's pixels; for tests.
    QPoint pixelOf(int axis, double value) const;
    void writeCsv(QTextStream& out) const override;

Q_SIGNALS:
    void brushed(const std::vector<QString>& kept_ids);
    void lineClicked(const QString& id, Qt::KeyboardModifiers modifiers);

protected:
    bool hasData() const override { return !axes_.empty() && !lines_.empty(); }
    void refresh() override;
    void drawFigure(QCPPainter& painter, const QRect& area) override;
    QRect plotArea() const override;
    void moveReadOut(int columns, int rows) override;  // the upper end of the chosen axis's brush
    void pan(int columns, int rows) override;          // chooses the axis; the lower end of its brush
    void activate() override;                          // sets or clears the brush of the chosen axis
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    struct Scale {
        double low = 0, high = 1;
        bool any_missing = false;
    };
    struct Drag {
        int axis = 0;
        double from = 0;                                 // value where the button went down
        std::optional<std::pair<double, double>> moved;  // the brush that is being moved
    };

    void updateScales();
    QRectF axesArea(const QSize& size) const;
    double xOf(int axis, const QRectF& area) const;
    double shareOf(int axis, double value) const;  // 0 at the axis's low end, 1 at the high one; NaN: missing
    double valueAt(int axis, double share) const;
    double yOf(int axis, double value, const QRectF& area) const;
    bool anyMissing() const;
    bool isKept(const ParallelLine& line) const;
    QColor colourOf(const ParallelLine& line) const;
    QPolygonF polyline(const ParallelLine& line, const QRectF& area) const;
    void paint(QPainter& painter, const QSize& size) const;
    void paintLines(QPainter& painter, const QRectF& area) const;
    void paintIntervals(QPainter& painter, const ParallelLine& line, const QRectF& area) const;
    void paintAxis(QPainter& painter, int axis, const QRectF& area) const;
    std::optional<int> axisNear(const QPointF& at) const;
    std::optional<std::size_t> lineNear(const QPointF& at) const;
    void pressed(const QPointF& at);
    void dragged(const QPointF& at);
    void released(const QPointF& at, Qt::KeyboardModifiers modifiers);
    void hovered(const QPointF& at);
    void moveBrushEnd(bool upper, int rows);
    void brushesChanged();

    std::vector<ParallelAxis> axes_;
    std::vector<ParallelLine> lines_;
    std::vector<Scale> scales_;
    std::map<int, std::pair<double, double>> brushes_;
    std::optional<Drag> drag_;
    QPointF press_;
    int colour_axis_ = -1;
    int chosen_axis_ = 0;
};

}  // namespace fm
