// Six tiles under the budget: what the present plan costs and does. A prediction is an outlined tile with the word
// "predicted", a measurement has a filled accent, its interval and its n: never the one for the other.
#pragma once

#include <QFrame>
#include <QWidget>
#include <vector>

namespace fm {

class CostState;
class PlanStrip;
class PlanState;
class ThemeSource;
struct Estimate;
struct MeasuredPlan;

// One figure. Thread: the window's.
class CostTile : public QWidget {
    Q_OBJECT
public:
    enum class Kind { Plain, Predicted, Measured };
    struct Content {
        QString name, value, detail;
        Kind kind = Kind::Plain;
        bool operator==(const Content&) const = default;
    };
    CostTile(ThemeSource& theme, QWidget* parent);
    void setContent(const Content& content);
    const Content& content() const { return content_; }
    void setChoices(const std::vector<std::pair<QString, std::int64_t>>& choices);  // makes it a button with a menu
    bool fitsInTwoLines() const;                                                    // value and detail side by side
    void setThreeLines(bool three);
    QSize sizeHint() const override { return {150, three_lines_ ? 62 : 46}; }
    QSize minimumSizeHint() const override { return {84, sizeHint().height()}; }

Q_SIGNALS:
    void chosen(std::int64_t value);

protected:
    void paintEvent(QPaintEvent*) override;
    void mousePressEvent(QMouseEvent*) override;
    void keyPressEvent(QKeyEvent*) override;

private:
    void openMenu();
    QFont valueFont(int room) const;

    ThemeSource& theme_;
    Content content_;
    bool three_lines_ = false;
    std::vector<std::pair<QString, std::int64_t>> choices_;
};

class CostTiles : public QWidget {
    Q_OBJECT
public:
    CostTiles(CostState& cost, const PlanState& plan, const PlanStrip& strip, ThemeSource& theme,
              QWidget* parent = nullptr);
    const CostTile& tile(int index) const { return *tiles_.at(static_cast<std::size_t>(index)); }
    enum Index { Kv, StateBytes, Decode, Recall, Kl, Margin };

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void refresh();
    void fit();
    void showCost();
    void showQuality();
    void showMargin();
    QString progressText(const MeasuredPlan& measured, const Estimate& estimate) const;

    CostState& cost_;
    const PlanState& plan_;
    const PlanStrip& strip_;
    std::vector<CostTile*> tiles_;
};

}  // namespace fm
