// flashmorph-workbench: the window over a study.
#include <QApplication>
#include <QCommandLineParser>
#include <QElapsedTimer>
#include <QFileInfo>
#include <QTimer>
#include <csignal>
#include <functional>

#include "app/gui/live_start.h"
#include "app/gui/main_window.h"
#include "app/gui/opening.h"
#include "app/gui/screenshots.h"
#include "app/gui/settings.h"
#include "app/gui/workbench.h"
#include "core/base/assert.h"
#include "core/base/resources_folder.h"
#include "widgets/panels/plan_panel.h"
#include "widgets/panels/plan_strip.h"
#include "widgets/theme/theme.h"

// Where the user left off, else the study that ships with the program. A copy opens with its own engine only: jobs need
// it.
static void openFirst(fm::MainWindow& window, fm::Workbench& workbench) {
    for (const QString& folder : workbench.settings().recentStudies()) {
        const std::optional<fm::StudyPlace> copy_of = fm::StudyMirror::placeOf(folder);
        if (copy_of && copy_of->engine != workbench.engine().command()) continue;
        if (QFileInfo::exists(folder + "/study.json")) {
            workbench.openStudy(folder);
            return;
        }
    }
    window.opening().openBuiltIn();
}

// A mistake of ours in the handling of one event must not cost the user the window: what it was stands in the log.
class Application final : public QApplication {
public:
    using QApplication::QApplication;
    std::function<void(const QString& text)> report;

    bool notify(QObject* receiver, QEvent* event) override {
        try {
            return QApplication::notify(receiver, event);
        } catch (const fm::LogicFault& fault) {
            if (report) report(QString::fromUtf8(fault.what()));
            return true;
        }
    }
};

int main(int argc, char** argv) {
    using namespace fm;
    std::signal(SIGXFSZ, SIG_IGN);  // a file that reaches `ulimit -f` is an error with a remedy
    QElapsedTimer since_start;
    since_start.start();
    Application application(argc, argv);
    QApplication::setApplicationName("FlashMorph Workbench");
    QApplication::setApplicationVersion(FM_VERSION);
    QCommandLineParser parser;
    parser.setApplicationDescription(QObject::tr("Watch gates move, drag the budget, compare hybrids, export one."));
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addOptions(
        {{"study", QObject::tr("Study or run file to open."), "folder"},
         {"engine", QObject::tr("How the engine is started, such as 'ssh HOST flashmorph serve'."), "command"},
         {"demo", QObject::tr("Open the study that ships with the program and start a gate run on it.")},
         {"settings", QObject::tr("Settings file instead of the user's own."), "ini"},
         {"screenshots", QObject::tr("Write pictures of the window and end."), "folder"}});
    parser.process(application);

    Settings settings(parser.isSet("settings") ? parser.value("settings") : Settings::defaultPath());
    registerFonts(settings.textScale());
    registerPlanStripAccessibility();
    ThemeSource theme(settings.theme());
    applyTheme(application, theme.theme().kind);
    Workbench workbench(settings, QString::fromStdString(resourcesFolder()));
    application.report = [&workbench](const QString& text) { Q_EMIT workbench.problem(text, "window"); };
    MainWindow window(workbench, theme);
    window.restoreOrArrange();
    window.show();
    window.panels().plan->strip().setFocus(Qt::OtherFocusReason);
    // The window is on the screen before anything is read.
    QTimer::singleShot(0, &window, [&] {
        workbench.engine().start(parser.isSet("engine") ? parser.value("engine") : settings.engineCommand());
        const bool wants_pictures = parser.isSet("screenshots");
        const auto take_pictures = [&] { takeScreenshots(window, parser.value("screenshots")); };
        if (parser.isSet("demo")) {
            window.opening().openBuiltIn();
            const auto* live = new LiveStart(window, workbench, since_start);  // the window owns it
            if (wants_pictures) QObject::connect(live, &LiveStart::moved, &window, take_pictures);
            return;
        }
        parser.isSet("study") ? void(window.opening().open(parser.value("study"))) : openFirst(window, workbench);
        if (wants_pictures) QTimer::singleShot(1500, &window, take_pictures);
    });
    return QApplication::exec();
}
