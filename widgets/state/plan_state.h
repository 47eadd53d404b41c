// The plan under the user's hands: gates of the shown step, budget, pins and flips in; a plan out. Every edit can be
// undone by name.
#pragma once

#include <QObject>
#include <QString>
#include <QUndoStack>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/plan/discretise.h"
#include "core/plan/plan.h"

namespace fm {

// What an edit changes; everything else follows from the gates.
struct PlanEdit {
    int budget = 0;
    std::map<int, LayerKind> pins;     // survive budget changes
    std::map<int, LayerKind> by_hand;  // flipped layers: they hold until the budget is moved
    bool operator==(const PlanEdit&) const = default;
};

// The budget is always the number of full layers: a flip moves it by one, a budget change drops the flips and keeps
// the pins. Thread: the window's.
class PlanState : public QObject {
    Q_OBJECT
public:
    explicit PlanState(QObject* parent = nullptr);

    // Another study or run with other layers: forgets edits and history. `pins`: those the run was given.
    void reset(int num_layers, int budget, const std::vector<Pin>& pins = {});
    // The gates of the shown step. `ended_with`: the plan the run chose after its swaps, when the shown step is its
    // end; it is shown where budget is its own and the pins agree with it, as `flashmorph plan` does.
    void setRanking(LayerRanking ranking, std::optional<Plan> ended_with = {});

    int numLayers() const { return num_layers_; }
    const Plan& plan() const { return plan_; }
    std::string key() const { return plan_.key(); }
    int budget() const { return edit_.budget; }
    int minBudget() const;  // with the present pins
    int maxBudget() const;
    LayerKind kind(int layer) const { return plan_.kinds.at(layer); }
    std::optional<LayerKind> pin(int layer) const;
    bool byHand(int layer) const { return edit_.by_hand.contains(layer); }
    const LayerRanking& ranking() const { return ranking_; }
    bool hasRanking() const { return !ranking_.score.empty(); }
    bool showsSwaps() const { return shows_swaps_; }  // the plan is the run's own, after its swaps
    Plan planAt(int budget) const;                    // what moving the budget there would give

    // Edits, each one named step of the history. Layers outside the plan are ignored.
    void setBudget(int budget);  // clamped to [minBudget(), maxBudget()]; one step per drag
    void beginBudgetDrag();      // until endBudgetDrag() all changes of the budget are one step
    void endBudgetDrag();
    bool dragging() const { return dragging_; }
    void flip(int layer);
    void setKind(const std::set<int>& layers, LayerKind kind);
    void togglePins(const std::set<int>& layers);           // pins at the present kind; all pinned already: unpins
    void applyPlan(const Plan& plan, const QString& what);  // "restore-one at K = 4": flips whatever differs
    QUndoStack& undoStack() { return undo_; }

Q_SIGNALS:
    void planChanged();     // kinds, pins or budget
    void rankingChanged();  // the gates behind them
    void editRefused(const QString& why);

private:
    friend class PlanEditCommand;
    void push(PlanEdit after, const QString& name, int merge_id = -1);
    void apply(const PlanEdit& edit);
    void recompute();
    Plan planOf(const PlanEdit& edit, bool* swaps = nullptr) const;
    PlanEdit withSwapsByHand() const;

    int num_layers_ = 0;
    LayerRanking ranking_;
    std::optional<Plan> ended_with_;
    PlanEdit edit_;
    Plan plan_;
    bool shows_swaps_ = false, dragging_ = false;
    int drag_id_ = 0;
    QUndoStack undo_;
};

}  // namespace fm
