// A table of coloured cells, rows from top to bottom: the base of the retrieval, pair, curvature and budget maps.
#pragma once

#include <optional>
#include <utility>

#include "widgets/plots/chart_plot.h"

namespace fm {

class CellMap : public ChartPlot {
    Q_OBJECT
public:
    CellMap(const ThemeSource& theme, const QString& name, QWidget* parent);

    // On the screen, square cells may be so many times wider than high where there is room; pictures keep them square.
    void setWidestCells(double widest);
    QRectF cellsRect() const { return cellsBetween(0, numRows() - 1, 0, numColumns() - 1); }
    void drawPicture(QPaintDevice& device, const QSize& size) override;

protected:
    struct Look {
        double gap_px = 1;
        double radius_px = 0;
        bool square = false;  // cells as high as wide
    };
    void setLook(const Look& look) { look_ = look; }
    void setColumnNames(const QStringList& names);
    void setRowNames(const QStringList& names);
    QRectF cellAt(int row, int column) const;  // in the canvas's pixels, without the gap
    // Rectangle around whole rows or columns, for outlines.
    QRectF cellsBetween(int first_row, int last_row, int first_column, int last_column) const;
    void outline(QCPPainter& painter, const QRectF& rect) const;

    virtual int numRows() const = 0;
    virtual int numColumns() const = 0;
    virtual QColor cellColour(int row, int column) const = 0;  // invalid: no value, drawn as an empty cell
    virtual QString cellText(int row, int column) const {
        Q_UNUSED(row)
        Q_UNUSED(column)
        return QString();
    }
    virtual ReadOut cellReadOut(int row, int column) const = 0;
    virtual void cellClicked(int row, int column, Qt::KeyboardModifiers modifiers) = 0;
    virtual void paintMarks(QCPPainter& painter) const { Q_UNUSED(painter) }

    bool hasData() const override { return numRows() > 0 && numColumns() > 0; }
    Bounds bounds(double x_low, double x_high) const override;
    void prepare() override;
    std::optional<ReadOut> readOutAt(double x, double y) const override;
    void clicked(double x, double y, Qt::KeyboardModifiers modifiers) override;
    QPointF neighbour(double x, double y, int columns, int rows) const override;
    void styleChanged() override;

private:
    std::optional<std::pair<int, int>> cellNear(double x, double y) const;
    void paintCells(QCPPainter& painter) const;
    void paintImage(QCPPainter& painter) const;
    void paintCell(QCPPainter& painter, int row, int column, const QRectF& rect) const;
    void layOut();
    void makeSquare();
    void fitNames();

    Look look_;
    double widest_ = 1;  // of square cells, in heights
    double longest_column_name_px_ = 20;
};

}  // namespace fm
