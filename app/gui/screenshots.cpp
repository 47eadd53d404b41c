#include "app/gui/screenshots.h"

#include <QApplication>
#include <QDir>
#include <QPixmap>
#include <QThread>
#include <cstdio>

#include "app/gui/main_window.h"
#include "widgets/theme/theme.h"

namespace fm {
namespace {

// Lets paints and timers (plots redraw at most every 33 ms) come to rest.
void settle(int ms) {
    for (int waited = 0; waited < ms; waited += 10) {
        QApplication::processEvents(QEventLoop::AllEvents, 10);
        QThread::msleep(10);
    }
}

}  // namespace

void takeScreenshots(MainWindow& window, const QString& folder) {
    bool ok = QDir().mkpath(folder);
    for (const QSize size : {QSize(1280, 800), QSize(2560, 1440)}) {
        window.resize(size);
        settle(100);
        window.docks().arrange(size);
        for (const ThemeKind kind : {ThemeKind::Dark, ThemeKind::Light}) {
            window.setThemeKind(kind);
            settle(600);
            const QString name = QString("window_%1_%2x%3.png")
                                     .arg(kind == ThemeKind::Dark ? "dark" : "light")
                                     .arg(size.width())
                                     .arg(size.height());
            const QString path = QDir(folder).filePath(name);
            ok = window.grab().save(path) && ok;
            std::printf("%s\n", qPrintable(path));
        }
    }
    if (!ok) std::fprintf(stderr, "flashmorph-workbench: %s: a picture could not be written\n", qPrintable(folder));
    QApplication::exit(ok ? 0 : 1);
}

}  // namespace fm
