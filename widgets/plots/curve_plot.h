// Curves over steps: raw faint, a debiased moving average in front of it, an optional band of smallest and largest
// values, a second axis. The base of the objective and of the live retrieval figure.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "widgets/plots/chart_plot.h"
#include "widgets/plots/series_tiers.h"

class QCPGraph;

namespace fm {

enum class CurveColour { Full, Linear, Accent, Text, Faint, Next };  // Next: by position, from Theme::series

struct CurveSpec {
    QString id;  // path in the run file: "series/loss/align"
    QString label;
    QString unit;
    CurveColour colour = CurveColour::Next;
    bool right_axis = false;  // drawn dashed against the right axis
    bool smooth = true;
};

// A level to compare with: the teacher, chance.
struct ReferenceLine {
    QString label;
    double value = 0;
};

class CurvePlot : public ChartPlot {
    Q_OBJECT
public:
    CurvePlot(const ThemeSource& theme, const QString& name, QWidget* parent);
    ~CurvePlot() override;

    void setCurves(const std::vector<CurveSpec>& curves);  // drops all data
    // Later points of one curve; x must grow. NaN: no value at that step.
    void append(std::size_t curve, std::span<const double> x, std::span<const double> y);
    void clear();

    // 0 draws the raw values alone. The average is y_i = sum_j beta^(i-j) x_j / sum_j beta^(i-j).
    void setSmoothing(double beta);
    double smoothing() const { return beta_; }
    // Smallest and largest raw value over the length the average looks back, 1 / (1 - beta) steps.
    void setBandShown(bool shown);
    bool bandShown() const { return band_shown_; }
    void setCurveShown(const QString& id, bool shown);
    bool curveShown(const QString& id) const;
    void setRightLogScale(bool on);
    void setStepCursor(std::optional<double> step);
    // The steps there are, where these curves have points at few of them: the axis is the same as that of the others.
    void setStepExtent(double first, double last);
    void setReferences(const std::vector<ReferenceLine>& references);
    void setFixedY(double low, double high);  // for shares and accuracies
    // Titles of the axes where no curve has a unit: "accuracy".
    void setAxisNames(const QString& left, const QString& right = QString());
    // What the figure is about; the subtitle adds how it is smoothed.
    void setSubject(const QString& subject);

    void writeCsv(QTextStream& out) const override;

Q_SIGNALS:
    void stepClicked(double step);
    void curveShownChanged(const QString& id, bool shown);

protected:
    bool hasData() const override;
    Bounds bounds(double x_low, double x_high) const override;
    void prepare() override;
    std::optional<ReadOut> readOutAt(double x, double y) const override;
    void clicked(double x, double y, Qt::KeyboardModifiers modifiers) override;
    QPointF neighbour(double x, double y, int columns, int rows) const override;
    void styleChanged() override;
    void legendClicked(const QString& id) override;

private:
    struct Curve;
    QColor colourOf(const Curve& curve) const;
    void extendAverage(Curve& curve);
    void rebuildAverages();
    void updateLegend();
    void updateAxisTitles();
    void updateSubtitle();
    void prepareCurve(Curve& curve);
    void styleCurve(Curve& curve, double raw_length, double average_length);
    double drawnLength(const Curve& curve, const std::vector<double>& y) const;
    void prepareBand(Curve& curve);
    void fitRightAxis();
    void paintReferences(QCPPainter& painter) const;
    void paintCursor(QCPPainter& painter) const;
    std::size_t bandWindow() const;

    std::vector<std::unique_ptr<Curve>> curves_;
    std::vector<ReferenceLine> references_;
    std::optional<double> cursor_;
    std::optional<std::pair<double, double>> fixed_y_, step_extent_;
    QAction* band_action_ = nullptr;
    QAction* right_log_action_ = nullptr;
    QString subject_;
    QString left_name_, right_name_;
    double beta_ = 0.9;
    bool band_shown_ = false;
};

}  // namespace fm
