// The title row of the plan: its name, what is shown, and the legend of the strip at the right end.
#pragma once

#include <QWidget>

namespace fm {

class ThemeSource;

// Thread: the window's.
class PlanTitle : public QWidget {
    Q_OBJECT
public:
    explicit PlanTitle(ThemeSource& theme, QWidget* parent = nullptr);
    void setSubtitle(const QString& subtitle);
    QSize sizeHint() const override { return {400, 28}; }
    QSize minimumSizeHint() const override { return {120, 28}; }

protected:
    void paintEvent(QPaintEvent*) override;

private:
    int paintLegend(QPainter& painter) const;  // its left end

    ThemeSource& theme_;
    QString subtitle_;
};

}  // namespace fm
