// The strip as screen readers see it: a list whose items are the layers.
#include <QAccessibleWidget>

#include "widgets/panels/plan_strip.h"

namespace fm {
namespace {

class LayerAccessible : public QAccessibleInterface {
public:
    LayerAccessible(PlanStrip* strip, int layer) : strip_(strip), layer_(layer) {}
    bool isValid() const override { return layer_ < strip_->stripLayout().num_layers; }
    QObject* object() const override { return nullptr; }
    QWindow* window() const override { return strip_->window()->windowHandle(); }
    QAccessibleInterface* parent() const override { return QAccessible::queryAccessibleInterface(strip_); }
    QAccessibleInterface* child(int) const override { return nullptr; }
    QAccessibleInterface* childAt(int, int) const override { return nullptr; }
    int childCount() const override { return 0; }
    int indexOfChild(const QAccessibleInterface*) const override { return -1; }
    QString text(QAccessible::Text kind) const override {
        return kind == QAccessible::Name ? strip_->describe(layer_) : QString();
    }
    void setText(QAccessible::Text, const QString&) override {}
    QRect rect() const override {
        const QRect cell = strip_->stripLayout().cell(layer_).toAlignedRect();
        return {strip_->mapToGlobal(cell.topLeft()), cell.size()};
    }
    QAccessible::Role role() const override { return QAccessible::ListItem; }
    QAccessible::State state() const override {
        QAccessible::State state;
        state.focusable = state.selectable = true;
        return state;
    }

private:
    PlanStrip* strip_;
    int layer_;
};

class StripAccessible : public QAccessibleWidget {
public:
    explicit StripAccessible(PlanStrip* strip) : QAccessibleWidget(strip, QAccessible::List), strip_(strip) {}
    ~StripAccessible() override {
        for (const QAccessible::Id id : ids_) QAccessible::deleteAccessibleInterface(id);
    }
    int childCount() const override { return strip_->stripLayout().num_layers; }
    QAccessibleInterface* child(int index) const override {
        if (index < 0 || index >= childCount()) return nullptr;
        while (static_cast<int>(ids_.size()) <= index) {
            ids_.push_back(
                QAccessible::registerAccessibleInterface(new LayerAccessible(strip_, static_cast<int>(ids_.size()))));
        }
        return QAccessible::accessibleInterface(ids_[static_cast<std::size_t>(index)]);
    }

private:
    PlanStrip* strip_;
    mutable std::vector<QAccessible::Id> ids_;  // made when first asked for
};

QAccessibleInterface* makeAccessible(const QString&, QObject* object) {
    auto* strip = qobject_cast<PlanStrip*>(object);
    return strip ? new StripAccessible(strip) : nullptr;
}

}  // namespace

void registerPlanStripAccessibility() { QAccessible::installFactory(makeAccessible); }

}  // namespace fm
