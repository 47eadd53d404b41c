// The whole window over a study of recorded runs, with its settings in a temporary folder.
#pragma once

#include <QTemporaryDir>
#include <QTest>

#include "app/gui/main_window.h"
#include "app/gui/settings.h"
#include "app/gui/workbench.h"
#include "tests/state/gate_run_fixture.h"
#include "widgets/theme/theme.h"

namespace fixture {

// A study with one finished gate run, whose plan was measured afterwards; returns its folder.
inline QString makeStudy(const QTemporaryDir& folder, int layers) {
    const fm::Study study =
        fm::Study::create(folder.filePath("study").toStdString(), {.name = "test", .teacher_path = "/none"});
    Writer writer(study.runsFolder(), gateHeader(layers));
    for (int step = 0; step < 20; ++step) writer.row(0, gateStep(step, layers));
    const std::string plan = "FF" + std::string(static_cast<std::size_t>(layers - 2), 'L');
    writer.row(1, probe(plan, 0.2, 0.8));
    writer.finish();
    Writer measured(study.runsFolder(), probeHeader(layers));
    measured.rows(probeRows(plan, {.kl = 0.25, .exact = 0.75}));
    measured.finish();
    return QString::fromStdString(study.folder());
}

struct Window {
    explicit Window(const QString& ini, const QString& resources = FM_SOURCE_DIR "/resources")
        : settings(ini), bench(settings, resources), window(bench, theme) {
        window.resize(1280, 800);
        window.restoreOrArrange();
        window.show();
    }
    fm::Settings settings;
    fm::ThemeSource theme{fm::ThemeKind::Dark};
    fm::Workbench bench;
    fm::MainWindow window;
};

}  // namespace fixture
