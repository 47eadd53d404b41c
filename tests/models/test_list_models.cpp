// Samples, spec differences, log and problems: values, growth, filters.
#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>

#include "tests/models/run_fixtures.h"
#include "widgets/models/log_model.h"
#include "widgets/models/problems_model.h"
#include "widgets/models/samples_model.h"
#include "widgets/models/spec_diff_model.h"

using Mode = QAbstractItemModelTester::FailureReportingMode;

namespace {

constexpr int samples_table = 1;

void openEval(fm::RunData& run) {
    run.reset(fixture::header("20260301T100000Z-eval-aaaaaa", "eval", "{}", fixture::evalTables()));
}

QString shown(const QAbstractItemModel& model, int row, int column) {
    return model.index(row, column).data().toString();
}

}  // namespace

class TestListModels : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void samplesGrowWithTheRun() {
        fm::RunData run;
        fm::SamplesModel model;
        const QAbstractItemModelTester tester(&model, Mode::QtTest);
        model.setRun(&run);
        QVERIFY(!model.runHasSamples());
        openEval(run);
        QVERIFY(model.runHasSamples());
        QCOMPARE(model.rowCount(), 0);
        fixture::fill(run, samples_table,
                      {fixture::sampleRow("mk4", 512, 0.25, "alpha bravo", "alpha bravo"),
                       fixture::sampleRow("hop2", 2048, 0.75, "kilo", "lima\nmike")});
        QCOMPARE(model.rowCount(), 2);
        const QPersistentModelIndex first = model.index(0, 0);
        const QSignalSpy resets(&model, &QAbstractItemModel::modelReset);
        fixture::fill(run, samples_table, {fixture::sampleRow("mk4", 512, 0.5, "x", "")});
        QCOMPARE(model.rowCount(), 3);
        QCOMPARE(resets.size(), 0);
        QVERIFY(first.isValid());
        QCOMPARE(shown(model, 1, fm::SamplesModel::TokensColumn), QStringLiteral("2K"));
        QCOMPARE(shown(model, 1, fm::SamplesModel::DepthColumn), QStringLiteral("0.76"));
        QCOMPARE(shown(model, 1, fm::SamplesModel::GivenColumn), QStringLiteral("lima mike"));
        QCOMPARE(model.sample(1).given, QStringLiteral("lima\nmike"));
        QVERIFY(model.sample(0).exact);
        QCOMPARE(model.sample(7).task, QString());
        openEval(run);
        QCOMPARE(model.rowCount(), 0);
    }

    void samplesSurviveTheirRun() {
        fm::SamplesModel model;
        const QAbstractItemModelTester tester(&model, Mode::QtTest);
        {
            fm::RunData run;
            openEval(run);
            fixture::fill(run, samples_table, {fixture::sampleRow("mk4", 512, 0.25, "a", "a")});
            model.setRun(&run);
            QCOMPARE(model.rowCount(), 1);
        }
        QCOMPARE(model.rowCount(), 0);
    }

    void samplesAreFiltered() {
        fm::RunData run;
        openEval(run);
        fixture::fill(run, samples_table,
                      {fixture::sampleRow("mk4", 512, 0.25, "alpha", "alpha"),
                       fixture::sampleRow("mk4", 512, 0.75, "kilo", "lima"),
                       fixture::sampleRow("hop2", 512, 0.75, "mike", "nothing")});
        fm::SamplesModel model;
        model.setRun(&run);
        fm::SamplesFilter filter;
        const QAbstractItemModelTester tester(&filter, Mode::QtTest);
        filter.setSourceModel(&model);
        filter.setWrongOnly(true);
        QCOMPARE(filter.rowCount(), 2);
        filter.setWords("LIMA");
        QCOMPARE(filter.rowCount(), 1);
        filter.setWords("");
        filter.setWrongOnly(false);
        filter.setCell("mk4", 512, 0.75);
        QCOMPARE(filter.rowCount(), 1);
        QCOMPARE(shown(filter, 0, fm::SamplesModel::ExpectedColumn), QStringLiteral("kilo"));
        filter.setCell({}, 0, 0);
        QCOMPARE(filter.rowCount(), 3);
    }

    void differencesAreOnlyThose() {
        fm::SpecDiffModel model;
        const QAbstractItemModelTester tester(&model, Mode::QtTest);
        model.setRuns({{"13:41 gates", R"({"lambda":0.1,"steps":160,"pins":["0=full"],"mode":"paper"})"},
                       {"14:02 gates", R"({"lambda":0.2,"steps":160,"pins":[]})"}});
        QCOMPARE(model.rowCount(), 3);
        QCOMPARE(model.columnCount(), 3);
        QCOMPARE(shown(model, 0, 0), QStringLiteral("lambda"));
        QCOMPARE(shown(model, 0, 2), QStringLiteral("0.2"));
        QCOMPARE(shown(model, 1, 2), QStringLiteral("–"));     // no such field
        QCOMPARE(shown(model, 2, 2), QStringLiteral("none"));  // an empty one
        QCOMPARE(model.headerData(1, Qt::Horizontal).toString(), QStringLiteral("13:41 gates"));
        QVERIFY(model.tsv().contains("lambda\t0.1\t0.2\n"));
        QVERIFY(!model.tsv().contains("steps"));
        model.setDifferencesOnly(false);
        QCOMPARE(model.rowCount(), 4);
        QVERIFY(model.index(0, 0).data(Qt::FontRole).value<QFont>().bold());   // lambda differs
        QVERIFY(!model.index(3, 0).data(Qt::FontRole).value<QFont>().bold());  // steps does not
        model.setRuns({});
        QCOMPARE(model.rowCount(), 0);
        QCOMPARE(model.columnCount(), 1);
    }

    void logFollowsTheRun() {
        fm::RunData run;
        openEval(run);
        fm::LogModel model;
        const QAbstractItemModelTester tester(&model, Mode::QtTest);
        model.setRun(&run);
        run.addLog({1, 0, fm::Severity::Info, "[gates] step 1"});
        run.addLog({2, 0, fm::Severity::Warning, "no module here"});
        run.addLog({9, 0, fm::Severity::Error, "[store] disk full"});
        QCOMPARE(model.rowCount(), 3);
        QCOMPARE(shown(model, 0, fm::LogModel::ModuleColumn), QStringLiteral("gates"));
        QCOMPARE(shown(model, 0, fm::LogModel::TextColumn), QStringLiteral("step 1"));
        QCOMPARE(shown(model, 1, fm::LogModel::ModuleColumn), QString());
        QCOMPARE(shown(model, 2, fm::LogModel::SeverityColumn), QStringLiteral("error"));
        fm::SeverityFilter filter;
        filter.setSourceModel(&model);
        filter.setLeast(fm::Severity::Warning);
        QCOMPARE(filter.rowCount(), 2);
        filter.setLeast(fm::Severity::Error);
        QCOMPARE(filter.rowCount(), 1);
        openEval(run);
        QCOMPARE(model.rowCount(), 0);
    }

    // By the clock, which a run file tells from the start of the run on, until the run is resumed.
    void logTellsWhen() {
        fm::RunData run;
        run.reset(fixture::header("20260304T091500Z-eval-0000dd", "eval", "{}", fixture::evalTables()));
        fm::LogModel model;
        const QAbstractItemModelTester tester(&model, Mode::QtTest);
        model.setRun(&run);
        run.addLog({1, 250, fm::Severity::Info, "a"});
        run.addLog({70, 59960, fm::Severity::Info, "b"});
        run.addLog({900, 3725400, fm::Severity::Info, "c"});
        const QDateTime start = QDateTime({2026, 3, 4}, {9, 15}, Qt::UTC).toLocalTime();
        const auto told = [&](int row) { return shown(model, row, fm::LogModel::TimeColumn); };
        const auto help = [&](int row) {
            return model.index(row, fm::LogModel::TimeColumn).data(Qt::ToolTipRole).toString();
        };
        QCOMPARE(told(0), start.toString("hh:mm:ss"));
        QCOMPARE(told(1), start.addSecs(59).toString("hh:mm:ss"));
        QCOMPARE(told(2), start.addSecs(3725).toString("hh:mm:ss"));
        QVERIFY2(help(1).endsWith("00:59.9 after the start"), qPrintable(help(1)));
        QVERIFY2(help(2).endsWith("1:02:05 after the start"), qPrintable(help(2)));
        run.addLog({1, 4000, fm::Severity::Info, "continues from step 3"});
        run.addLog({2, 65000, fm::Severity::Info, "d"});
        QCOMPARE(told(2), start.addSecs(3725).toString("hh:mm:ss"));
        QCOMPARE(told(3), QStringLiteral("+00:04.0"));
        QCOMPARE(told(4), QStringLiteral("+01:05.0"));
        QCOMPARE(help(4), QStringLiteral("01:05.0 after the run was resumed"));
        model.setRun(nullptr);
        model.setRun(&run);  // the same from a whole file
        QCOMPARE(told(0), start.toString("hh:mm:ss"));
        QCOMPARE(told(3), QStringLiteral("+00:04.0"));
    }

    void problemsCountUpAndStayBounded() {
        fm::ProblemsModel model;
        const QAbstractItemModelTester tester(&model, Mode::QtTest);
        const QSignalSpy counts(&model, &fm::ProblemsModel::countChanged);
        model.add(fm::Severity::Warning, "the gates do not move: raise lambda", "run-1");
        model.add(fm::Severity::Error, "the engine died", "engine");
        model.add(fm::Severity::Warning, "the gates do not move: raise lambda", "run-1");
        QCOMPARE(model.rowCount(), 2);
        QCOMPARE(counts.size(), 2);
        QCOMPARE(shown(model, 0, fm::ProblemsModel::TextColumn), QStringLiteral("the engine died"));
        QVERIFY(shown(model, 1, fm::ProblemsModel::TextColumn).contains("2 times"));
        model.remove(0);
        QCOMPARE(model.rowCount(), 1);
        fm::ProblemsModel flooded;  // without the tester, which looks at every row after each change
        for (int i = 0; i < 1500; ++i) flooded.add(fm::Severity::Error, QString::number(i), "engine");
        QCOMPARE(flooded.rowCount(), 1000);
        QCOMPARE(shown(flooded, 0, fm::ProblemsModel::TextColumn), QStringLiteral("1499"));
        model.clear();
        QCOMPARE(model.rowCount(), 0);
    }
};

QTEST_MAIN(TestListModels)
#include "test_list_models.moc"
