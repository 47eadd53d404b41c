// The table of runs: values, order, filter, and that nothing moves under the user's selection.
#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>

#include "tests/models/run_fixtures.h"
#include "widgets/models/run_text.h"
#include "widgets/models/runs_filter.h"
#include "widgets/models/runs_model.h"

using fm::RunEntry;
using fm::RunsFilter;
using fm::RunsModel;

namespace {

std::vector<RunEntry> someRuns() {
    std::vector<RunEntry> runs = {
        fixture::entry("20260301T100000Z-gates-aaaaaa", "gates", R"({"budget":4,"lr":0.02,"mode":"default"})"),
        fixture::entry("20260302T100000Z-gates-bbbbbb", "gates", R"({"budget":8,"lr":0.002,"mode":"paper"})"),
        fixture::entry("20260303T100000Z-align-cccccc", "align", R"({"kind":"gdn","lr":0.0015})"),
        fixture::entry("20260304T100000Z-eval-dddddd", "eval", R"({"hybrid":"h1","layers":""})")};
    runs[0].figures.recall = {0.5, 0.4, 0.6, 40};
    runs[0].figures.plan = "FLLFFLLF";
    runs[1].figures.recall = {0.93, 0.88, 0.96, 85};
    runs[3].figures.recall = {1.0, 0.96, 1.0, 80};
    runs[1].label = {"best", "first line\nsecond", {"keep", fm::archived_tag}};
    runs[2].summary.interrupted = true;
    return runs;
}

QString shown(const QAbstractItemModel& model, int row, int column) {
    return model.index(row, column).data().toString();
}

QStringList idsOf(const RunsFilter& filter) {
    QStringList ids;
    for (int row = 0; row < filter.rowCount(); ++row)
        ids << filter.index(row, 0).data(RunsModel::RunIdRole).toString().section(QChar('-'), 1, 1);
    return ids;
}

}  // namespace

class TestRunsModel : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void showsWhatTheRunSays() {
        RunsModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setRuns(someRuns());
        QCOMPARE(model.rowCount(), 4);
        QCOMPARE(shown(model, 0, RunsModel::AboutColumn), QStringLiteral("K=4"));
        QCOMPARE(shown(model, 2, RunsModel::AboutColumn), QStringLiteral("gdn"));
        QCOMPARE(shown(model, 3, RunsModel::AboutColumn), QStringLiteral("h1"));
        QCOMPARE(shown(model, 1, RunsModel::RecallColumn), QStringLiteral("0.93"));
        QCOMPARE(shown(model, 2, RunsModel::RecallColumn), QStringLiteral("–"));
        QCOMPARE(shown(model, 2, RunsModel::StateColumn), QStringLiteral("interrupted"));
        QCOMPARE(shown(model, 1, RunsModel::TagsColumn), QStringLiteral("keep"));
        QCOMPARE(shown(model, 1, RunsModel::NotesColumn), QStringLiteral("first line"));
        QVERIFY(model.index(1, 0).data(RunsModel::ArchivedRole).toBool());
        QVERIFY(model.index(1, RunsModel::RecallColumn)
                    .data(Qt::ToolTipRole)
                    .toString()
                    .contains(QString::fromUtf8("0.93 (0.88–0.96)")));
        QVERIFY(model.index(1, RunsModel::RecallColumn).data(Qt::ToolTipRole).toString().contains("85 sequences"));
        for (int column = 0; column < model.columnCount(); ++column) {
            QVERIFY(!model.headerData(column, Qt::Horizontal).toString().isEmpty());
            QVERIFY(!model.headerData(column, Qt::Horizontal, Qt::ToolTipRole).toString().isEmpty());
        }
    }

    void runsOfOlderProgramsSayWhyTheyHaveNoFigures() {
        RunsModel model;
        std::vector<RunEntry> runs = someRuns();
        runs[0].figures.recall = {};
        runs[0].figures.measured_without_identity = true;
        model.setRuns(runs);
        QCOMPARE(shown(model, 0, RunsModel::RecallColumn), QStringLiteral("–"));
        QVERIFY(model.index(0, RunsModel::RecallColumn).data(Qt::ToolTipRole).toString().contains("Measure again"));
    }

    void hybridsAreCalledByTheirNames() {
        RunsModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setRuns(someRuns());
        model.setHybridNames({{"h1", "recovered K=4"}, {"20260305T100000Z-distill-eeeeee", "recovered K=4"}});
        QCOMPARE(shown(model, 3, RunsModel::AboutColumn), QStringLiteral("recovered K=4"));
        RunsFilter filter;
        filter.setSourceModel(&model);
        filter.setWords("recovered");
        QCOMPARE(filter.rowCount(), 1);
        std::vector<RunEntry> runs = someRuns();
        runs.push_back(fixture::entry("20260305T100000Z-distill-eeeeee", "distill", R"({"budget":-1,"layers":""})"));
        model.setRuns(runs);
        QCOMPARE(shown(model, 4, RunsModel::AboutColumn), QStringLiteral("recovered K=4"));
    }

    void unreadableFileIsOneRowThatSaysWhy() {
        RunsModel model;
        std::vector<RunEntry> runs = someRuns();
        runs[1].summary.problem = "/study/runs/x.h5: status: \"flying\" is not a state";
        model.setRuns(runs);
        QCOMPARE(model.rowCount(), 4);
        QCOMPARE(shown(model, 1, RunsModel::StateColumn), QStringLiteral("unreadable"));
        QVERIFY(shown(model, 1, RunsModel::AboutColumn).contains("is not a state"));
    }

    void filesThatClaimTheSameRunStayApart() {
        RunsModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        std::vector<RunEntry> runs = someRuns();
        runs[1].summary.run_id = runs[0].summary.run_id;
        model.setRuns(runs);
        QCOMPARE(model.rowCount(), 4);
        QCOMPARE(shown(model, 1, RunsModel::RecallColumn), QStringLiteral("0.93"));
    }

    void unreadFilesAreListedByTheirNames() {
        RunsModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        const std::vector<RunEntry> runs = someRuns();
        std::vector<std::string> paths;
        for (const RunEntry& run : runs) paths.push_back(run.summary.path);
        model.setRuns({runs[3]}, paths);
        QCOMPARE(model.rowCount(), 4);
        const int gates = model.rowOf("20260301T100000Z-gates-aaaaaa");
        QCOMPARE(shown(model, gates, RunsModel::StateColumn), QStringLiteral("…"));
        QVERIFY(shown(model, gates, RunsModel::RunColumn).endsWith("gates"));
        QCOMPARE(shown(model, model.rowOf("20260304T100000Z-eval-dddddd"), RunsModel::StateColumn),
                 QStringLiteral("done"));
        const QPersistentModelIndex kept = model.index(gates, 0);
        model.setRuns(runs);
        QVERIFY(kept.isValid());
        QCOMPARE(shown(model, gates, RunsModel::StateColumn), QStringLiteral("done"));
        QCOMPARE(shown(model, gates, RunsModel::RecallColumn), QStringLiteral("0.50"));
    }

    void refreshTellsOnlyWhatDiffers() {
        RunsModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setRuns(someRuns());
        const QPersistentModelIndex kept = model.index(3, 0);
        const QSignalSpy resets(&model, &QAbstractItemModel::modelReset);
        const QSignalSpy changes(&model, &QAbstractItemModel::dataChanged);
        const QSignalSpy added(&model, &QAbstractItemModel::rowsInserted);
        model.setRuns(someRuns());
        QCOMPARE(changes.size(), 0);
        std::vector<RunEntry> runs = someRuns();
        runs[2].figures.answer_kl = {0.061, 0.05, 0.08, 85};
        runs.erase(runs.begin());
        runs.push_back(fixture::entry("20260305T100000Z-probe-eeeeee", "probe", "{}"));
        model.setRuns(runs);
        QCOMPARE(resets.size(), 0);
        QCOMPARE(changes.size(), 1);
        QCOMPARE(added.size(), 1);
        QVERIFY(kept.isValid());
        QCOMPARE(kept.data(RunsModel::RunIdRole).toString(), QStringLiteral("20260304T100000Z-eval-dddddd"));
        QCOMPARE(model.rowOf("20260301T100000Z-gates-aaaaaa"), -1);
        QCOMPARE(model.rowOf("20260305T100000Z-probe-eeeeee"), 3);
    }

    void specFieldsBecomeColumns() {
        RunsModel model;
        const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        model.setRuns(someRuns());
        QCOMPARE(model.knownSpecFields(), QStringList({"budget", "hybrid", "kind", "layers", "lr", "mode"}));
        model.setSpecColumns({"lr", "budget"});
        QCOMPARE(model.columnCount(), RunsModel::num_fixed_columns + 2);
        QCOMPARE(shown(model, 1, RunsModel::num_fixed_columns), QStringLiteral("0.002"));
        QCOMPARE(shown(model, 2, RunsModel::num_fixed_columns + 1), QString());
        model.setSpecColumns({"mode"});
        QCOMPARE(shown(model, 1, RunsModel::num_fixed_columns), QStringLiteral("paper"));
    }

    void sortsNumbersAsNumbers() {
        RunsModel model;
        model.setRuns(someRuns());
        model.setSpecColumns({"budget"});
        RunsFilter filter;
        const QAbstractItemModelTester tester(&filter, QAbstractItemModelTester::FailureReportingMode::QtTest);
        filter.setSourceModel(&model);
        filter.setShowArchived(true);
        filter.sort(RunsModel::RecallColumn, Qt::DescendingOrder);
        QCOMPARE(idsOf(filter), QStringList({"eval", "gates", "gates", "align"}));
        QCOMPARE(shown(filter, 1, RunsModel::RecallColumn), QStringLiteral("0.93"));
        filter.sort(RunsModel::RunColumn, Qt::AscendingOrder);
        QCOMPARE(idsOf(filter), QStringList({"gates", "gates", "align", "eval"}));
    }

    void filterTakesWordsFieldsAndExceptions() {
        RunsModel model;
        model.setRuns(someRuns());
        RunsFilter filter;
        filter.setSourceModel(&model);
        QCOMPARE(filter.rowCount(), 3);  // one is archived
        filter.setShowArchived(true);
        QCOMPARE(filter.rowCount(), 4);
        filter.setWords("GATES");
        QCOMPARE(filter.rowCount(), 2);
        filter.setWords("gates mode=paper");
        QCOMPARE(filter.rowCount(), 1);
        filter.setWords("gates -mode=paper");
        QCOMPARE(shown(filter, 0, RunsModel::AboutColumn), QStringLiteral("K=4"));
        filter.setWords("second");  // a note's second line is not shown, and not searched
        QCOMPARE(filter.rowCount(), 0);
        filter.setWords("keep");
        QCOMPARE(filter.rowCount(), 1);
        filter.setWords("nothing like it");
        QCOMPARE(filter.rowCount(), 0);
        filter.setWords("");
        QCOMPARE(filter.rowCount(), 4);
    }

    void specsAreFlattenedAndHostileOnesHarmless() {
        const std::map<std::string, std::string> flat =
            fm::flatSpec(R"({"plan":{"budget":4,"pins":["0=full","3=linear"]},"on":true,"lr":0.02,"none":null})");
        QCOMPARE(flat.at("plan.budget"), std::string("4"));
        QCOMPARE(flat.at("plan.pins"), std::string("0=full, 3=linear"));
        QCOMPARE(flat.at("on"), std::string("true"));
        QCOMPARE(flat.at("lr"), std::string("0.02"));
        QVERIFY(fm::flatSpec("no json").empty());
        QVERIFY(fm::flatSpec("[1,2]").empty());
        const std::string deep = R"({"a":)" + std::string(200000, '[') + std::string(200000, ']') + "}";
        QVERIFY(fm::flatSpec(deep).size() <= 1);
    }
};

QTEST_MAIN(TestRunsModel)
#include "test_runs_model.moc"
