#include "app/gui/docks.h"

#include <QAction>
#include <QDockWidget>
#include <QMainWindow>
#include <QMenu>
#include <algorithm>

namespace fm {
namespace {

constexpr int kTallWindow = 880;  // pixels; below it three rows of figures would be too low to read

}  // namespace

Docks::Docks(QMainWindow& window) : window_(window) {
    window_.setDockNestingEnabled(true);
    window_.setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
    window_.setCorner(Qt::TopLeftCorner, Qt::LeftDockWidgetArea);
    window_.setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
}

QDockWidget* Docks::add(const QString& id, const QString& title, QWidget* content) {
    auto* dock = new QDockWidget(title, &window_);
    dock->setObjectName(id);
    dock->setWidget(content);
    docks_[id] = dock;
    order_ << id;
    window_.addDockWidget(Qt::RightDockWidgetArea, dock);
    return dock;
}

void Docks::raise(const QString& id) {
    QDockWidget* found = dock(id);
    if (!found) return;
    found->show();
    found->raise();
    found->widget()->setFocus(Qt::OtherFocusReason);
}

void Docks::split(const QString& first, const QString& second, Qt::Orientation orientation) {
    if (has(first) && has(second)) window_.splitDockWidget(dock(first), dock(second), orientation);
}

void Docks::tabify(const QStringList& ids) {
    QDockWidget* front = nullptr;
    for (const QString& id : ids) {
        if (!has(id)) continue;
        if (front) window_.tabifyDockWidget(front, dock(id));
        if (!front) front = dock(id);
    }
    if (front) front->raise();
}

void Docks::arrange(const QSize& size) {
    const bool tall = size.height() >= kTallWindow;
    for (const QString& id : order_) {
        dock(id)->setFloating(false);
        window_.removeDockWidget(dock(id));
    }
    arrangeSide(size);
    arrangePlots(size, tall);
    for (const QString& id : order_) dock(id)->show();
    tabify({"runs", "job"});
    tabify({"diff", "history", "log", "help"});
}

void Docks::arrangeSide(const QSize& size) {
    window_.addDockWidget(Qt::LeftDockWidgetArea, dock("runs"));
    split("runs", "diff", Qt::Vertical);
    tabify({"runs", "job"});
    tabify({"diff", "history", "log", "help"});
    window_.resizeDocks({dock("runs")}, {std::max(250, size.width() / 5)}, Qt::Horizontal);
}

void Docks::arrangePlots(const QSize& size, bool tall) {
    window_.addDockWidget(Qt::RightDockWidgetArea, dock("plan"));
    split("plan", "gates", Qt::Vertical);
    if (tall) split("gates", "interdependence", Qt::Vertical);
    split("gates", "objective", Qt::Horizontal);
    split("objective", "retrieval", Qt::Horizontal);
    if (tall) {
        split("interdependence", "budget", Qt::Horizontal);
        split("budget", "compare", Qt::Horizontal);
        tabify({"retrieval", "samples"});
    } else {
        tabify({"gates", "interdependence"});
        tabify({"objective", "budget"});
        tabify({"retrieval", "compare", "samples"});
    }
    const int plan_height = 300, rest = std::max(200, size.height() - plan_height - 130);
    QList<QDockWidget*> column{dock("plan"), dock("gates")};
    QList<int> heights{plan_height, tall ? rest / 2 : rest};
    if (tall && has("interdependence")) {
        column << dock("interdependence");
        heights << rest / 2;
    }
    window_.resizeDocks(column, heights, Qt::Vertical);
}

void Docks::fillMenu(QMenu& menu) const {
    for (const QString& id : order_) menu.addAction(dock(id)->toggleViewAction());
}

}  // namespace fm
