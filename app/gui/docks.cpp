#include "app/gui/docks.h"

#include <QAction>
#include <QDockWidget>
#include <QMainWindow>
#include <QMenu>
#include <QTabBar>
#include <QTimer>
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

QDockWidget* Docks::add(const QString& id, const QString& title, QWidget* content, QWidget* title_row) {
    auto* dock = new QDockWidget(title, &window_);
    dock->setObjectName(id);
    content->setAttribute(Qt::WA_StyledBackground);
    dock->setWidget(content);
    if (title_row) {
        dock->setTitleBarWidget(title_row);
        own_titles_ << id;
    }
    docks_[id] = dock;
    order_ << id;
    window_.addDockWidget(Qt::RightDockWidgetArea, dock);
    for (auto signal : {&QDockWidget::topLevelChanged, &QDockWidget::visibilityChanged}) {
        connect(dock, signal, this, [this] { QTimer::singleShot(0, this, &Docks::showTitles); });
    }
    connect(dock, &QDockWidget::dockLocationChanged, this, [this] { QTimer::singleShot(0, this, &Docks::showTitles); });
    return dock;
}

void Docks::showTitles() {
    // The window draws a bright line below its tabs, whatever the style sheet says.
    for (QTabBar* tabs : window_.findChildren<QTabBar*>(QString(), Qt::FindDirectChildrenOnly))
        tabs->setDrawBase(false);
    for (const QString& id : order_) {
        if (own_titles_.contains(id)) continue;
        QDockWidget* each = dock(id);
        const bool tabbed = !each->isFloating() && !window_.tabifiedDockWidgets(each).isEmpty();
        if (tabbed == (each->titleBarWidget() != nullptr)) continue;
        QWidget* old = each->titleBarWidget();
        each->setTitleBarWidget(tabbed ? new QWidget(each) : nullptr);
        delete old;
    }
}

void Docks::raise(const QString& id) {
    QDockWidget* found = dock(id);
    if (!found) return;
    found->show();
    found->raise();
    found->widget()->setFocus(Qt::OtherFocusReason);
}

void Docks::giveRoom(const QString& id, const QSize& wanted) {
    QDockWidget* found = dock(id);
    if (!found || found->isFloating() || found->height() >= wanted.height() / 2) return;
    found->setFloating(true);
    QRect place(QPoint(), wanted.boundedTo(window_.size()));
    place.moveCenter(window_.frameGeometry().center());
    found->setGeometry(place);
    showTitles();
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
    arrangeSide();
    arrangePlots(tall);
    for (const QString& id : order_) dock(id)->show();
    for (const char* front : {"runs", "diff", "gates", "objective", "retrieval"}) dock(front)->raise();
    showTitles();
    giveSizes(size, tall);
    // Sizes hold only once the docks have been laid out.
    QTimer::singleShot(0, this, [this, size, tall] { giveSizes(size, tall); });
}

void Docks::arrangeSide() {
    window_.addDockWidget(Qt::LeftDockWidgetArea, dock("runs"));
    split("runs", "diff", Qt::Vertical);
    tabify({"runs", "job"});
    tabify({"diff", "history", "log", "help"});
}

void Docks::arrangePlots(bool tall) {
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
        tabify({"gates", "interdependence", "compare"});  // the widest place
        tabify({"objective", "budget"});
        tabify({"retrieval", "samples"});
    }
}

// As high as its strip of layers wants to be, but no more than half of the window.
int Docks::planHeight(int window_height, int width) const {
    constexpr int kTitle = 28, kUsual = 290;
    const int wanted = dock("plan")->widget()->heightForWidth(width) + kTitle;
    return std::max(kUsual, std::min(wanted, window_height / 2));
}

void Docks::fitPlan() {
    const int height = planHeight(window_.height(), dock("plan")->width());
    if (dock("plan")->height() < height) window_.resizeDocks({dock("plan")}, {height}, Qt::Vertical);
}

void Docks::giveSizes(const QSize& size, bool tall) {
    const int side = std::clamp(size.width() * 25 / 100, 250, 440), plots = size.width() - side;
    window_.resizeDocks({dock("runs"), dock("plan")}, {side, plots}, Qt::Horizontal);
    const int plan = planHeight(size.height(), plots), rest = std::max(200, size.height() - plan - 130);
    QList<QDockWidget*> column{dock("plan"), dock("gates")};
    QList<int> heights{plan, tall ? rest / 2 : rest};
    if (tall) {
        column << dock("interdependence");
        heights[1] = rest * 47 / 100;
        heights << rest * 53 / 100;  // a pair's figures stand below its map
        window_.resizeDocks({dock("interdependence"), dock("budget"), dock("compare")},
                            {plots * 25 / 100, plots * 23 / 100, plots * 52 / 100}, Qt::Horizontal);
    }
    window_.resizeDocks(column, heights, Qt::Vertical);
    window_.resizeDocks({dock("gates"), dock("objective"), dock("retrieval")},
                        {plots * 38 / 100, plots * 32 / 100, plots * 30 / 100}, Qt::Horizontal);
    window_.resizeDocks({dock("runs"), dock("diff")}, {rest * 2 / 3, rest / 3}, Qt::Vertical);
}

void Docks::fillMenu(QMenu& menu) const {
    for (const QString& id : order_) menu.addAction(dock(id)->toggleViewAction());
}

}  // namespace fm
