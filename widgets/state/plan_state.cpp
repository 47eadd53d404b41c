#include "widgets/state/plan_state.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/plan/gate_plan.h"

namespace fm {

// One step of the history: the edit before and after. Drags of the budget with the same id become one step.
class PlanEditCommand : public QUndoCommand {
public:
    PlanEditCommand(PlanState& state, PlanEdit before, PlanEdit after, const QString& name, int merge_id)
        : QUndoCommand(name),
          state_(state),
          before_(std::move(before)),
          after_(std::move(after)),
          merge_id_(merge_id) {}
    void undo() override { state_.apply(before_); }
    void redo() override { state_.apply(after_); }
    int id() const override { return merge_id_; }
    bool mergeWith(const QUndoCommand* other) override {
        const auto& later = static_cast<const PlanEditCommand&>(*other);
        after_ = later.after_;
        setText(later.text());
        setObsolete(after_ == before_);
        return true;
    }

private:
    PlanState& state_;
    PlanEdit before_, after_;
    int merge_id_;
};

namespace {

int count(const std::map<int, LayerKind>& pins, LayerKind kind) {
    return static_cast<int>(
        std::count_if(pins.begin(), pins.end(), [kind](const auto& p) { return p.second == kind; }));
}

const char* word(LayerKind kind) { return kind == LayerKind::Full ? "full attention" : "linear"; }

QString layersText(const std::set<int>& layers) {
    if (layers.size() > 4) return QObject::tr("%1 layers").arg(layers.size());
    QStringList words;
    for (const int layer : layers) words << QString::number(layer);
    return (layers.size() == 1 ? QObject::tr("layer %1") : QObject::tr("layers %1")).arg(words.join(", "));
}

LayerKind other(LayerKind kind) { return kind == LayerKind::Full ? LayerKind::Linear : LayerKind::Full; }

}  // namespace

PlanState::PlanState(QObject* parent) : QObject(parent) {}

void PlanState::reset(int num_layers, int budget, const std::vector<Pin>& pins) {
    num_layers_ = num_layers;
    ranking_ = {};
    ended_with_.reset();
    edit_ = {};
    for (const Pin& pin : pins) {
        if (pin.layer >= 0 && pin.layer < num_layers) edit_.pins[pin.layer] = pin.kind;
    }
    edit_.budget = std::clamp(budget, minBudget(), maxBudget());
    dragging_ = false;
    undo_.clear();
    recompute();
    Q_EMIT rankingChanged();
    Q_EMIT planChanged();
}

void PlanState::setRanking(LayerRanking ranking, std::optional<Plan> ended_with) {
    if (static_cast<int>(ranking.score.size()) != num_layers_) ranking = {};
    if (ended_with && static_cast<int>(ended_with->kinds.size()) != num_layers_) ended_with.reset();
    ranking_ = std::move(ranking);
    ended_with_ = std::move(ended_with);
    const Plan before = plan_;
    recompute();
    Q_EMIT rankingChanged();
    if (plan_.kinds != before.kinds) Q_EMIT planChanged();
}

int PlanState::minBudget() const { return count(edit_.pins, LayerKind::Full); }
int PlanState::maxBudget() const { return num_layers_ - count(edit_.pins, LayerKind::Linear); }

std::optional<LayerKind> PlanState::pin(int layer) const {
    const auto found = edit_.pins.find(layer);
    return found == edit_.pins.end() ? std::nullopt : std::optional(found->second);
}

Plan PlanState::planOf(const PlanEdit& edit, bool* swaps) const {
    std::vector<Pin> pins, forced;
    for (const auto& [layer, kind] : edit.pins) pins.push_back({layer, kind});
    forced = pins;
    for (const auto& [layer, kind] : edit.by_hand) {
        if (!edit.pins.contains(layer)) forced.push_back({layer, kind});
    }
    LayerRanking ranking = ranking_;
    if (ranking.score.empty()) ranking.score.assign(static_cast<std::size_t>(num_layers_), 0.0);
    Plan plan = gatePlan(ranking, edit.budget, forced, ended_with_);
    if (swaps) {
        *swaps = ended_with_ && plan.kinds == ended_with_->kinds &&
                 plan.kinds != discretise(ranking, edit.budget, forced).kinds;
    }
    plan.pins = pins;
    return plan;
}

void PlanState::recompute() { plan_ = planOf(edit_, &shows_swaps_); }

Plan PlanState::planAt(int budget) const {
    PlanEdit edit = edit_;
    edit.budget = std::clamp(budget, minBudget(), maxBudget());
    if (edit.budget != edit_.budget) edit.by_hand.clear();
    return planOf(edit);
}

void PlanState::apply(const PlanEdit& edit) {
    edit_ = edit;
    recompute();
    Q_EMIT planChanged();
}

void PlanState::push(PlanEdit after, const QString& name, int merge_id) {
    if (after == edit_) return;
    undo_.push(new PlanEditCommand(*this, edit_, std::move(after), name, merge_id));
}

void PlanState::setBudget(int budget) {
    PlanEdit after = edit_;
    after.budget = std::clamp(budget, minBudget(), maxBudget());
    if (after.budget == edit_.budget) return;
    after.by_hand.clear();
    push(std::move(after), tr("Set budget to %1").arg(std::clamp(budget, minBudget(), maxBudget())),
         dragging_ ? drag_id_ : -1);
}

void PlanState::beginBudgetDrag() {
    dragging_ = true;
    ++drag_id_;
}

void PlanState::endBudgetDrag() {
    if (!std::exchange(dragging_, false)) return;
    Q_EMIT planChanged();  // the plan rests now
}

// A flip must change nothing else: where the plan holds the run's swaps, these become flips too.
PlanEdit PlanState::withSwapsByHand() const {
    PlanEdit edit = edit_;
    if (!shows_swaps_) return edit;
    const Plan without = discretise(ranking_, edit_.budget, plan_.pins);
    for (int layer = 0; layer < num_layers_; ++layer) {
        if (without.kinds[layer] != plan_.kinds[layer]) edit.by_hand[layer] = plan_.kinds[layer];
    }
    return edit;
}

void PlanState::flip(int layer) {
    if (layer < 0 || layer >= num_layers_) return;
    setKind({layer}, other(kind(layer)));
}

void PlanState::setKind(const std::set<int>& layers, LayerKind kind) {
    PlanEdit after = withSwapsByHand();
    std::set<int> changed;
    for (const int layer : layers) {
        if (layer < 0 || layer >= num_layers_ || plan_.kinds[layer] == kind) continue;
        changed.insert(layer);
        after.budget += kind == LayerKind::Full ? 1 : -1;
        if (after.pins.contains(layer)) {
            after.pins[layer] = kind;  // a pinned layer stays pinned, at its new kind
        } else {
            after.by_hand[layer] = kind;
        }
    }
    if (changed.empty()) return;
    // Every other layer keeps its kind, whatever the gates would say at the new budget.
    const Plan base = planOf(after);
    for (int layer = 0; layer < num_layers_; ++layer) {
        if (!changed.contains(layer) && base.kinds[layer] != plan_.kinds[layer])
            after.by_hand[layer] = plan_.kinds[layer];
    }
    push(std::move(after), (changed.size() == 1 ? tr("Flip %1 to %2") : tr("Set %1 to %2"))
                               .arg(layersText(changed), QString::fromLatin1(word(kind))));
}

void PlanState::togglePins(const std::set<int>& layers) {
    std::set<int> inside;
    for (const int layer : layers) {
        if (layer >= 0 && layer < num_layers_) inside.insert(layer);
    }
    if (inside.empty()) return;
    const bool unpin = std::all_of(inside.begin(), inside.end(), [&](int layer) { return edit_.pins.contains(layer); });
    PlanEdit after = edit_;
    for (const int layer : inside) {
        if (unpin) {
            after.pins.erase(layer);
        } else {
            after.pins[layer] = plan_.kinds[layer];
            after.by_hand.erase(layer);
        }
    }
    QString name = (unpin ? tr("Unpin %1") : tr("Pin %1")).arg(layersText(inside));
    if (!unpin && inside.size() == 1) {
        name = tr("Pin %1 as %2").arg(layersText(inside), QString::fromLatin1(word(plan_.kinds[*inside.begin()])));
    }
    push(std::move(after), name);
}

void PlanState::applyPlan(const Plan& plan, const QString& what) {
    if (static_cast<int>(plan.kinds.size()) != num_layers_) {
        Q_EMIT editRefused(
            tr("The plan has %1 layers, this study's teacher has %2.").arg(plan.kinds.size()).arg(num_layers_));
        return;
    }
    for (const auto& [layer, kind] : edit_.pins) {
        if (plan.kinds[layer] == kind) continue;
        Q_EMIT editRefused(tr("Layer %1 is pinned as %2: unpin it to apply this plan.").arg(layer).arg(word(kind)));
        return;
    }
    PlanEdit after = edit_;
    after.by_hand.clear();
    after.budget = plan.budget();
    const Plan base = planOf(after);
    for (int layer = 0; layer < num_layers_; ++layer) {
        if (base.kinds[layer] != plan.kinds[layer]) after.by_hand[layer] = plan.kinds[layer];
    }
    push(std::move(after), tr("Apply %1").arg(what));
}

}  // namespace fm
