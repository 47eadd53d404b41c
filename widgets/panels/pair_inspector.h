// Two layers side by side: how their gates went, and what linearising one does to the value of the other.
#pragma once

#include <QWidget>
#include <vector>

#include "widgets/panels/pair_values.h"

class QBoxLayout;
class QLabel;

namespace fm {

class ThemeSource;

// The gates of two layers over the steps of a run, drawn small.
class GateProfile : public QWidget {
    Q_OBJECT
public:
    explicit GateProfile(ThemeSource& theme, QWidget* parent = nullptr);
    // `first` and `second`: gate per step. Full layers are amber, linear ones blue, the second one dashed.
    void setGates(std::vector<float> first, std::vector<float> second, bool first_full, bool second_full);
    QSize sizeHint() const override { return {110, 72}; }
    QSize minimumSizeHint() const override { return {70, 56}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    ThemeSource& theme_;
    std::vector<float> first_, second_;
    bool first_full_ = false, second_full_ = false;
};

class PairInspector : public QWidget {
    Q_OBJECT
public:
    explicit PairInspector(ThemeSource& theme, QWidget* parent = nullptr);

    void showPair(const PairValues& values, int first, int second);
    void showNone();
    void setUpright(bool upright);  // a column beside the map, else a row below it
    GateProfile& profile() { return *profile_; }
    QString text() const;  // what is said, for tests and screen readers

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    struct Line {
        QLabel* layer = nullptr;
        QLabel* with_full = nullptr;
        QLabel* with_linear = nullptr;
        QLabel* factor = nullptr;
    };
    QWidget* buildTable();
    void fitProfile();
    void showLine(Line& line, const PairValues& values, int layer, int other);

    QBoxLayout* layout_ = nullptr;
    QWidget* table_ = nullptr;
    Line lines_[2];
    QLabel* note_ = nullptr;
    GateProfile* profile_ = nullptr;
    bool upright_ = false;
};

}  // namespace fm
