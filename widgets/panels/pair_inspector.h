// Two layers side by side: how their gates went, and what linearising one does to the value of the other.
#pragma once

#include <QWidget>
#include <algorithm>
#include <vector>

#include "widgets/panels/pair_values.h"

class QBoxLayout;
class QLabel;
class QToolButton;

namespace fm {

class ThemeSource;

// The gates of two layers over the steps of a run, drawn small.
class GateProfile : public QWidget {
    Q_OBJECT
public:
    explicit GateProfile(ThemeSource& theme, QWidget* parent = nullptr);
    // `first` and `second`: gate per step. Full layers are amber, linear ones blue, the second one dashed.
    void setGates(std::vector<float> first, std::vector<float> second, bool first_full, bool second_full);
    QSize sizeHint() const override { return {110, std::clamp(maximumHeight(), 72, 160)}; }
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
    // A column beside the map, a row below it, or no more than the sentence about the pair, with a button for the rest.
    enum class Form { Column, Row, Sentence };
    void setForm(Form form);
    void setDetailed(bool detailed);  // the button's state, in a panel that has no room for both map and details
    bool hasDetails() const { return !table_->isHidden(); }
    GateProfile& profile() { return *profile_; }
    QString text() const;  // what is said, for tests and screen readers

Q_SIGNALS:
    void detailsWanted(bool wanted);

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
    void showParts();
    void fitProfile();
    void showLine(Line& line, const PairValues& values, int layer, int other);

    QBoxLayout* layout_ = nullptr;
    QWidget* figures_ = nullptr;  // profile and table
    QToolButton* details_ = nullptr;
    QWidget* table_ = nullptr;
    Line lines_[2];
    QLabel* note_ = nullptr;
    GateProfile* profile_ = nullptr;
    Form form_ = Form::Row;
    bool detailed_ = false;
};

}  // namespace fm
