// The gates of all layers as a row of bars beside a sample: which layers read the whole context when it was answered.
#pragma once

#include <QWidget>
#include <set>
#include <vector>

namespace fm {

class ThemeSource;

class GateContext : public QWidget {
    Q_OBJECT
public:
    explicit GateContext(ThemeSource& theme, QWidget* parent = nullptr);

    void setGates(std::vector<double> gates);  // one per layer: 1 full attention, 0 linear
    // The plan that answered, by layer; empty: unknown, and the colour follows the gate.
    void setFullLayers(std::vector<bool> full);
    void setSelected(const std::set<int>& layers);
    QRect barRect(int layer) const;
    QSize sizeHint() const override { return {320, 54}; }
    QSize minimumSizeHint() const override { return {120, 44}; }

Q_SIGNALS:
    void layerClicked(int layer, Qt::KeyboardModifiers modifiers);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;

private:
    int layerAt(const QPoint& at) const;
    QString kindText(int layer) const;
    void describe();

    ThemeSource& theme_;
    std::vector<double> gates_;
    std::vector<bool> full_;
    std::set<int> selected_;
    int current_ = 0;  // for the keyboard
};

}  // namespace fm
