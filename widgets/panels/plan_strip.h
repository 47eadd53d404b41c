// The plan strip: one cell per layer, with its gate as a bar in the colour of its kind, the cut between kept and linear
// layers, pins, and how sure the choice is. Click flips, drag selects, F/L/P set full, linear, pinned.
#pragma once

#include <QWidget>
#include <set>
#include <vector>

#include "widgets/panels/strip_layout.h"
#include "widgets/state/gate_confidence.h"

namespace fm {

class PlanState;
class Selection;
class ThemeSource;

// What the strip tells about a layer beside its kind and pin. NaN where it is not known.
struct StripDetail {
    double gate = 0;         // at the shown step
    double gradient = 0;     // of the total loss in this gate
    double local_error = 0;  // of the branch, relative
};

// Thread: the window's.
class PlanStrip : public QWidget {
    Q_OBJECT
public:
    PlanStrip(PlanState& plan, Selection& selection, ThemeSource& theme, QWidget* parent = nullptr);

    void setDetails(std::vector<StripDetail> details);              // one per layer, or empty
    void setSpread(std::vector<double> spread);                     // of each gate over the last steps, or empty
    void setLayerCost(const QString& full, const QString& linear);  // "1.0 KiB per token", "256 KiB once"
    const CutConfidence& confidence() const { return confidence_; }

    QString describe(int layer) const;  // one line for accessibility: "Layer 3: full attention, gate 0.81, pinned"
    QString toolTipOf(int layer) const;
    StripLayout stripLayout() const;

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;
    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;

Q_SIGNALS:
    void confidenceChanged();

protected:
    void paintEvent(QPaintEvent*) override;
    void mousePressEvent(QMouseEvent*) override;
    void mouseMoveEvent(QMouseEvent*) override;
    void mouseReleaseEvent(QMouseEvent*) override;
    void leaveEvent(QEvent*) override;
    void keyPressEvent(QKeyEvent*) override;
    void contextMenuEvent(QContextMenuEvent*) override;
    bool event(QEvent*) override;
    void resizeEvent(QResizeEvent*) override;

private:
    void refresh();
    std::set<int> targets() const;  // what a key acts on: the selection, else the layer with the focus
    std::set<int> rangeFrom(int anchor, int layer) const;
    void moveCurrent(int by, bool extend);
    void hover(int layer);
    void announce();  // to screen readers

    PlanState& plan_;
    Selection& selection_;
    ThemeSource& theme_;
    std::vector<StripDetail> details_;
    std::vector<double> spread_;
    CutConfidence confidence_;
    QString full_cost_, linear_cost_;
    int hovered_ = -1, pressed_ = -1, anchor_ = -1;
    bool dragged_ = false;
};

// Lets screen readers walk the layers. Call once.
void registerPlanStripAccessibility();

}  // namespace fm
