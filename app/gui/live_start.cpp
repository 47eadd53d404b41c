#include "app/gui/live_start.h"

#include <QToolButton>
#include <cstdio>

#include "app/gui/main_window.h"
#include "app/gui/window_toolbar.h"
#include "app/gui/workbench.h"

namespace fm {

LiveStart::LiveStart(MainWindow& window, Workbench& workbench, const QElapsedTimer& since)
    : QObject(&window), window_(window), workbench_(workbench), since_(since) {
    connect(&workbench_.engine(), &EngineLink::phaseChanged, this, &LiveStart::clickWhenReady);
    connect(&workbench_.run(), &RunData::rowsAppended, this, &LiveStart::watchRows);
    clickWhenReady();
}

void LiveStart::clickWhenReady() {
    if (clicked_ || workbench_.engine().phase() != JobPhase::Idle) return;
    clicked_ = true;
    window_.toolbar().controls().start().click();
}

void LiveStart::watchRows() {
    if (moved_ || !workbench_.source().isLive() || workbench_.run().rowsOf("steps") < 2) return;
    moved_ = true;
    std::fprintf(stderr, "the live run moved after %.1f s\n", static_cast<double>(since_.elapsed()) / 1000);
    Q_EMIT moved();
}

}  // namespace fm
