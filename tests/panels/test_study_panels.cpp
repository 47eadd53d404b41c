// Samples, interdependence, comparison: what they say about a study, and what a click does elsewhere.
#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTabBar>
#include <QTableView>
#include <QTest>
#include <QToolButton>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/panels/panel_study.h"
#include "widgets/models/compare_model.h"
#include "widgets/panels/compare_panel.h"
#include "widgets/panels/interdependence_panel.h"
#include "widgets/panels/pair_inspector.h"
#include "widgets/panels/probe_chooser.h"
#include "widgets/panels/retrieval_panel.h"
#include "widgets/panels/samples_panel.h"
#include "widgets/plots/pair_map.h"
#include "widgets/plots/parallel_plot.h"
#include "widgets/plots/pareto_plot.h"
#include "widgets/plots/retrieval_map.h"
#include "widgets/state/cost_state.h"
#include "widgets/state/plan_state.h"
#include "widgets/state/selection.h"
#include "widgets/state/step_cursor.h"
#include "widgets/state/study_state.h"
#include "widgets/theme/theme.h"

namespace {

// The statement twice: early as a distractor, late as the needle; before it what a QString counts otherwise.
const QString kBefore = QString(40, 'x') + "It is red. " + QString::fromUtf8("\xF0\x9F\x94\x91\r\n") + QString(90, 'y');

fm::SampleDetail detailOfPrompt(const QString& value) {
    const std::int64_t begin = kBefore.size() - 1;  // the key is one character in two units of a QString
    nlohmann::json result = {{"prompt", (kBefore + "It is red. " + QString(60, 'z')).toStdString()},
                             {"expected", value.toStdString()},
                             {"teacher", "the teacher says"},
                             {"needle", {{{"begin", begin}, {"end", begin + 10}}}},
                             {"ids", std::vector<int>(100, 1)},
                             {"gates", {{"run", "gates-run"}, {"alpha", {1.0, 0.25}}}}};
    return fm::sampleDetail(result);
}

}  // namespace

class TestStudyPanels : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        fm::registerFonts();
        fm::applyTheme(*qApp, fm::ThemeKind::Dark);
    }

    void samplesAreInspected() {
        fm::Selection selection;
        fm::SamplesPanel panel(selection, theme_);
        panel.resize(800, 400);
        panel.show();
        fm::RunData run;
        panel.setRun(&run);
        QSignalSpy evaluate(&panel, &fm::SamplesPanel::evaluateWanted);
        QTest::mouseClick(panel.findChild<QPushButton*>(), Qt::LeftButton);
        QCOMPARE(evaluate.size(), 1);

        run.reset(fixture::header("20260304T090000Z-eval-0000dd", "eval", "{}", fixture::evalTables()));
        for (const auto& [table, row] : fixture::evalRows()) run.append(table, row);
        run.announce();
        auto* table = panel.findChild<QTableView*>();
        QVERIFY(table->isVisible());
        QSignalSpy wanted(&panel, &fm::SamplesPanel::sampleWanted);
        QTest::mouseClick(table->viewport(), Qt::LeftButton, {},
                          table->visualRect(table->model()->index(3, 0)).center());
        QCOMPARE(wanted.size(), 1);
        QCOMPARE(wanted[0][1].toInt(), 3);
        QCOMPARE(selection.sample().index, 3);

        panel.setDetail(run.runId(), 2, detailOfPrompt("amber 2"));  // too late: another one is shown
        auto* prompt = panel.findChild<QPlainTextEdit*>();
        QVERIFY(prompt->toPlainText().isEmpty());
        panel.setDetail(run.runId(), 3, detailOfPrompt("amber 3"));
        QCOMPARE(prompt->extraSelections().size(), 1);
        QCOMPARE(prompt->extraSelections()[0].cursor.selectedText(), QStringLiteral("It is red."));
        QCOMPARE(prompt->extraSelections()[0].cursor.selectionStart(), 40 + 11 + 2 + 1 + 90);  // not the distractor
        fm::GateContext& gates = panel.inspector().gates();
        QVERIFY(gates.isVisible());
        QTest::mouseClick(&gates, Qt::LeftButton, {}, gates.barRect(1).center());
        QCOMPARE(selection.layers(), std::set<int>{1});

        QTest::mouseClick(panel.findChild<QCheckBox*>(), Qt::LeftButton, {}, QPoint(8, 10));
        QCOMPARE(table->model()->rowCount(), 5);  // every fifth of 24, from the fourth on
        auto* cell = panel.findChild<QToolButton*>();
        QTest::mouseClick(cell, Qt::LeftButton);  // sample 3: hop4, 512 tokens, depth 0.75
        QCOMPARE(table->model()->rowCount(), 1);
        QVERIFY(cell->text().startsWith("hop4, 512 tokens, depth 0.75"));
        QTest::mouseClick(cell, Qt::LeftButton);
        QCOMPARE(table->model()->rowCount(), 5);
    }

    // The map names its run as the table of runs does.
    void retrievalIsOfARunByItsTitle() {
        QTemporaryDir folder;
        const std::string id = "20260308T100000Z-eval-000111";
        fixture::TableRows samples;
        for (int i = 0; i < 12; ++i) {
            const std::string expected = "amber " + std::to_string(i);
            samples.emplace_back(1, fixture::sampleRow("mk8", 512, 0.5, expected, i < 9 ? expected : "blue"));
        }
        fixture::writeRun(fixture::makeStudy(folder.filePath("study")).runsFolder(),
                          fixture::header(id, "eval", R"({"hybrid":"h1"})", fixture::evalTables()), samples);
        fm::StudyState study;
        fm::Selection selection;
        fm::StepCursor cursor;
        const fm::RunData shown;
        fm::RetrievalPanel panel(shown, cursor, study, selection, theme_);
        QVERIFY(study.open(folder.filePath("study")));
        const QDateTime started = QDateTime({2026, 3, 8}, {10, 0}, Qt::UTC).toLocalTime();
        QTRY_COMPARE(panel.map().subtitle(),
                     "mk8, 12 sequences, " + QLocale::c().toString(started, "d MMM hh:mm") + " eval");
        while (study.loading()) QTest::qWait(5);
        study.setLabel(QString::fromStdString(id), {.name = "long contexts"});
        QTRY_COMPARE(panel.map().subtitle(), QStringLiteral("mk8, 12 sequences, long contexts"));
    }

    void sampleDetailSurvivesAnything() {
        QVERIFY(fm::sampleDetail(nlohmann::json()).prompt.isEmpty());
        const fm::SampleDetail odd = fm::sampleDetail(nlohmann::json::parse(
            R"({"prompt":"short","needle":[{"begin":-1,"end":2},{"begin":2,"end":2},{"begin":1,"end":6},7,{"begin":"1",
                "end":2},{"begin":1,"end":9000000000000000000},{"begin":0}],"gates":{"run":1,"alpha":["nan","x",0.5]}})"));
        QVERIFY(odd.needle.empty());
        QVERIFY(fm::sampleDetail({{"prompt", 7}, {"needle", {{{"begin", 0}, {"end", 1}}}}}).needle.empty());
        QCOMPARE(odd.gates.size(), std::size_t(3));
        QVERIFY(std::isnan(odd.gates[1]));
    }

    void pairsFillLive() {
        fm::Selection selection;
        fm::PlanState plan;
        plan.reset(fixture::num_layers, 4);
        fm::InterdependencePanel panel(plan, selection, theme_);
        panel.resize(420, 460);
        panel.show();
        QSignalSpy wanted(&panel, &fm::InterdependencePanel::interactWanted);
        QTest::mouseClick(panel.findChild<QPushButton*>(), Qt::LeftButton);
        QCOMPARE(wanted.size(), 1);

        fm::RunData run;
        panel.setRun(&run);
        run.reset(fixture::header("20260305T090000Z-interact-0000ee", "interact", "{}",
                                  fixture::interactTables(fixture::num_layers)));
        QVERIFY(panel.pairMap().isVisible());
        fixture::fill(run, 0, fixture::singleRows());
        fixture::fill(run, 1, {fixture::pairRow(2, 5)});
        Q_EMIT panel.pairMap().pairClicked(2, 5);
        QTRY_VERIFY(panel.inspector().text().contains("×"));
        const QString text = panel.inspector().text();
        // f({2}) = 0.03, f({5}) = 0.06, both cost 0.2 more: 0.29.
        QVERIFY2(text.contains("layer 2 0.030 0.230 ×7.67"), qPrintable(text));
        QVERIFY2(text.contains("layer 5 0.060 0.260 ×4.33"), qPrintable(text));
        QVERIFY2(text.contains("0.290 nat, 0.200 nat more than the sum"), qPrintable(text));
        QCOMPARE(selection.layers(), (std::set<int>{2, 5}));
        selection.setLayers({0, 1});  // selected in the strip
        QVERIFY(panel.inspector().text().contains("not measured yet"));
        QVERIFY(!panel.findChild<QTabBar*>()->isTabEnabled(1));
        fixture::fill(run, 2, {{std::int64_t{0}, std::string("FLFLLFLF"), std::vector<float>(8, 0.5f)}});
        QTRY_VERIFY(panel.findChild<QTabBar*>()->isTabEnabled(1));
    }

    void valueOfALayerFollowsFromThePair() {
        fm::RunData run;
        run.reset(fixture::header("20260305T090000Z-interact-0000ee", "interact", "{}", fixture::interactTables(8)));
        fixture::fill(run, 0,
                      {{std::int64_t{1}, 0.5, 0.0}, {std::int64_t{3}, 0.25, 0.0}, {std::int64_t{99}, 1.0, 0.0}});
        // f(0) = 0.125: extra = both - f(1) - f(3) + f(0) = 1 - 0.5 - 0.25 + 0.125
        fixture::fill(run, 1,
                      {{std::int64_t{1}, std::int64_t{3}, 1.0, 0.375}, {std::int64_t{-1}, std::int64_t{2}, 1.0, 1.0}});
        const fm::PairValues values = fm::pairValues(run);
        QCOMPARE(values.num_pairs, 1);
        QCOMPARE(fm::valueChange(values, 1, 3).with_full, 0.5 - 0.125);
        QCOMPARE(fm::valueChange(values, 1, 3).with_linear, 1.0 - 0.25);
        QVERIFY(std::isnan(fm::valueChange(values, 1, 2).with_full));
        QVERIFY(std::isnan(fm::valueChange(values, 1, 99).with_full));
    }

    // A narrow table leaves out what tells least, and never what it is sorted by; nothing is scrolled sideways.
    void comparisonShowsTheColumnsThatFit() {
        QTemporaryDir folder;
        fixture::makeStudy(folder.filePath("study"));
        fm::StudyState study;
        fm::CostState cost;
        fm::Selection selection;
        connect(&study, &fm::StudyState::measurementsChanged, &cost,
                [&] { cost.setMeasurements(study.measurements()); });
        fm::ComparePanel panel(study, cost, selection, theme_);
        panel.resize(360, 300);
        panel.show();
        QVERIFY(study.open(folder.filePath("study")));
        while (study.loading()) QTest::qWait(5);
        auto* table = panel.findChild<QTableView*>();
        QTRY_VERIFY(table->isVisible());
        using Model = fm::CompareModel;
        QVERIFY(!table->isColumnHidden(Model::RecallColumn) && table->isColumnHidden(Model::StateColumn));
        QVERIFY(table->model()->index(0, Model::NameColumn).data(Qt::ToolTipRole).toString().contains("state: "));
        table->sortByColumn(Model::StateColumn, Qt::AscendingOrder);
        QVERIFY(!table->isColumnHidden(Model::StateColumn));
        QCOMPARE(table->horizontalScrollBar()->maximum(), 0);
        panel.resize(1000, 300);
        for (int column = 0; column < Model::num_columns; ++column) QVERIFY(!table->isColumnHidden(column));
        QCOMPARE(table->horizontalScrollBar()->maximum(), 0);
        // An edge dragged by hand: from now on the widths are the user's.
        QHeaderView& head = *table->horizontalHeader();
        const QPoint edge(head.sectionViewportPosition(Model::KlColumn) - 1, head.height() / 2);
        QTest::mouseMove(head.viewport(), edge);
        QTest::mousePress(head.viewport(), Qt::LeftButton, {}, edge);
        QTest::mouseMove(head.viewport(), edge + QPoint(40, 0));
        QTest::mouseRelease(head.viewport(), Qt::LeftButton, {}, edge + QPoint(40, 0));
        const int width = table->columnWidth(Model::RecallColumn);
        panel.resize(400, 300);
        QCOMPARE(table->columnWidth(Model::RecallColumn), width);
    }

    void comparisonIsLinked() {
        QTemporaryDir folder;
        fixture::makeStudy(folder.filePath("study"));
        fm::StudyState study;
        fm::CostState cost;
        fm::Selection selection;
        connect(&study, &fm::StudyState::measurementsChanged, &cost,
                [&] { cost.setMeasurements(study.measurements()); });
        fm::ComparePanel panel(study, cost, selection, theme_);
        panel.resize(900, 400);
        panel.show();
        QVERIFY(study.open(folder.filePath("study")));
        while (study.loading()) QTest::qWait(5);
        fm::ModelShape shape;
        shape.num_layers = fixture::num_layers;
        shape.hidden_size = 64, shape.intermediate_size = 128, shape.vocab_size = 512, shape.max_position = 4096;
        shape.num_heads = 4, shape.num_kv_heads = 2, shape.head_dim = 16;
        study.setModel(shape, {}, {});
        auto* table = panel.findChild<QTableView*>();
        QVERIFY(table->isVisible());
        const auto title = [table](int row) { return table->model()->index(row, 0).data().toString(); };
        QCOMPARE(title(0), QStringLiteral("teacher"));
        QCOMPARE(title(1), QStringLiteral("uniform-a K=2"));
        QCOMPARE(title(2), QStringLiteral("uniform-a K=4"));
        QCOMPARE(table->model()->rowCount(), 5);
        int gates = 0;
        while (title(gates) != QStringLiteral("gates K=4")) QVERIFY(++gates < 5);
        QTest::mouseClick(table->viewport(), Qt::LeftButton, {},
                          table->visualRect(table->model()->index(gates, 0)).center());
        QVERIFY(!selection.comparedRuns().empty());
        QVERIFY(std::any_of(selection.comparedRuns().begin(), selection.comparedRuns().end(),
                            [](const QString& run) { return run.contains("gates"); }));

        selection.setComparedRuns({"20260303T100000Z-probe-0000cd"});  // chosen in the table of runs
        QCOMPARE(panel.selectedIds(), QStringList({"plan-FLFLFLFL"}));

        Q_EMIT panel.parallel().brushed({"plan-FLFLFLFL", "plan-FLFLLFLF"});
        QCOMPARE(table->model()->rowCount(), 4);  // one kept, and the three that are pinned
        Q_EMIT panel.parallel().brushed({"plan-FFFFFFFF", "plan-FLFLFLFL", "plan-FLFLLFLF", "plan-FLLLFLLL", "h1"});
        QCOMPARE(table->model()->rowCount(), 5);

        QSignalSpy plan(&panel, &fm::ComparePanel::planWanted);
        table->setFocus();
        table->setCurrentIndex(table->model()->index(1, 0));
        QTest::keyClick(table, Qt::Key_Return);
        QCOMPARE(plan.size(), 1);
        QTest::keyClick(table, Qt::Key_C, Qt::ControlModifier);
        QVERIFY(QGuiApplication::clipboard()->text().contains("recovered K=4,4"));
        panel.showView(fm::ComparePanel::View::Pareto);
        QVERIFY(panel.pareto().isVisible());
        panel.showView(fm::ComparePanel::View::Parallel);
        QVERIFY(panel.parallel().isVisible());
    }

    // Two probes: one is shown, the other's plan is grey, and the rest can be asked for.
    void comparesOnOneProbe() {
        QTemporaryDir folder;
        const fm::Study made = fixture::makeStudy(folder.filePath("study"));
        fixture::writeRun(
            made.runsFolder(),
            fixture::header("20260303T120000Z-probe-0000cf", "probe", R"({"tasks":["mk8"],"lengths":[512],"seed":7})",
                            fixture::probeTables(fixture::num_layers)),
            fixture::probeRows("LLFFFFLL", {.exact = 1.0, .identity = fixture::kProbeB}));
        fm::StudyState study;
        fm::CostState cost;
        fm::Selection selection;
        connect(&study, &fm::StudyState::measurementsChanged, &cost,
                [&] { cost.setMeasurements(study.measurements()); });
        fm::ComparePanel panel(study, cost, selection, theme_);
        connect(&panel, &fm::ComparePanel::probeChosen, &cost, &fm::CostState::showProbe);
        panel.resize(900, 400);
        panel.show();
        QVERIFY(study.open(folder.filePath("study")));
        QTRY_VERIFY(!study.loading());
        const fm::CompareModel& model = panel.model();
        const auto recall = [&model](const char* id) {
            return model.index(model.rowOf(id), fm::CompareModel::RecallColumn).data().toString();
        };
        QCOMPARE(recall("plan-LLFFFFLL"), QStringLiteral("–"));
        QVERIFY(recall("plan-FLFLLFLF").startsWith("0.93 ("));
        auto* chooser = panel.findChild<fm::ProbeChooser*>();
        QCOMPARE(chooser->menu().actions().size(), 2);
        QCOMPARE(chooser->menu().actions()[1]->text(),
                 QStringLiteral("probe B: 1 task, 512 tokens, seed 7, 48 sequences"));
        QSignalSpy wanted(&panel, &fm::ComparePanel::measureWanted);
        const auto click = [chooser](const QString& text) {
            for (QToolButton* button : chooser->findChildren<QToolButton*>())
                if (button->text().startsWith(text)) QTest::mouseClick(button, Qt::LeftButton);
        };
        click("measure the rest");
        QCOMPARE(wanted.size(), 1);
        const auto subjects = wanted.at(0).at(0).value<std::vector<fm::ProbeSubject>>();
        QVERIFY(std::count(subjects.begin(), subjects.end(), fm::ProbeSubject{"LLFFFFLL", ""}) == 1);
        QVERIFY(std::count(subjects.begin(), subjects.end(), fm::ProbeSubject{"FLFLLFLF", "h1"}) == 1);
        QVERIFY(std::count(subjects.begin(), subjects.end(), fm::ProbeSubject{"FLFLLFLF", ""}) == 0);  // it is measured
        panel.setLeftToMeasure(2);
        click("stop, 2 left");
        QCOMPARE(wanted.size(), 2);
        QVERIFY(wanted.at(1).at(0).value<std::vector<fm::ProbeSubject>>().empty());
        chooser->menu().actions()[1]->trigger();
        QTRY_VERIFY(recall("plan-LLFFFFLL").startsWith("1.00 ("));
        QCOMPARE(recall("plan-FLFLLFLF"), QStringLiteral("–"));
    }

private:
    fm::ThemeSource theme_{fm::ThemeKind::Dark};
};

QTEST_MAIN(TestStudyPanels)
#include "test_study_panels.moc"
