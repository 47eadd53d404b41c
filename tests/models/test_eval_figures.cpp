// What the window shows of an evaluation: recall and its interval as the run file says them, and of run files of
// earlier versions no interval rather than a wrong one.
#include <QTemporaryDir>
#include <QTest>

#include <cmath>

#include "core/store/run_reader.h"
#include "tests/models/run_fixtures.h"
#include "widgets/state/retrieval_cells.h"
#include "widgets/state/run_data.h"
#include "widgets/state/run_figures.h"

namespace {

constexpr const char* kRun = "20260308T100000Z-eval-000111";

fm::RunFigures figuresIn(const fm::RunOpened& header, const std::vector<std::pair<int, fm::Row>>& rows) {
    const QTemporaryDir folder;
    fixture::writeRun(folder.path().toStdString(), header, rows);
    const fm::RunReader reader(folder.filePath(QString(kRun) + ".h5").toStdString());
    return fm::figuresOf(reader, {});
}

std::vector<std::pair<int, fm::Row>> answers() {
    return {{1, fixture::sampleRow("mk4", 512, 0.5, "alpha", "alpha")},
            {1, fixture::sampleRow("mk4", 512, 0.5, "bravo", "none")},
            {1, fixture::sampleRow("hop2", 512, 0.5, "kilo", "kilo")},
            {1, fixture::sampleRow("hop2", 512, 0.5, "lima", "lima")}};
}

}  // namespace

class TestEvalFigures : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void scoresOverTasksAreTheRuns() {
        auto rows = answers();
        rows.push_back({2, {std::string("mk4"), 0.5, 0.2, 0.8}});
        rows.push_back({2, {std::string("all"), 0.7, 0.6, 0.9}});
        const fm::RunFigures figures = figuresIn(fixture::header(kRun, "eval", "{}", fixture::evalTables()), rows);
        QCOMPARE(figures.recall.value(), 0.7);
        QCOMPARE(figures.recall_low.value(), 0.6);
        QCOMPARE(figures.recall_high.value(), 0.9);
    }

    void withoutScoresThereIsNoInterval() {
        for (const auto& tables : {fixture::evalTables(), fixture::earlierEvalTables()}) {
            const fm::RunFigures figures = figuresIn(fixture::header(kRun, "eval", "{}", tables), answers());
            QCOMPARE(figures.recall.value(), 0.75);
            QVERIFY(!figures.recall_low && !figures.recall_high);
        }
    }

    void cellsHaveTheRunsIntervals() {
        fm::RunData run;
        run.reset(fixture::header(kRun, "eval", "{}", fixture::evalTables()));
        fixture::fill(run, 0, {{std::string("mk4"), std::int64_t{512}, 0.5, std::int64_t{8}, 0.75, 0.4, 0.9, 0.5}});
        const std::vector<fm::RecallCell> cells = fm::recallCells(run, "mk4");
        QCOMPARE(cells.size(), std::size_t{1});
        QCOMPARE(cells[0].recall, 0.75);
        QCOMPARE(cells[0].answers, 8);
        QCOMPARE(cells[0].low, 0.4);
        QCOMPARE(cells[0].high, 0.9);
    }

    void cellsOfEarlierRunsHaveNone() {
        fm::RunData run;
        run.reset(fixture::header(kRun, "eval", "{}", fixture::earlierEvalTables()));
        fixture::fill(run, 0, {{std::string("mk4"), std::int64_t{512}, 0.5, std::int64_t{32}, 1.0, 1.0}});
        const std::vector<fm::RecallCell> cells = fm::recallCells(run, "mk4");
        QCOMPARE(cells.size(), std::size_t{1});
        QCOMPARE(cells[0].answers, 32);
        QVERIFY(std::isnan(cells[0].low) && std::isnan(cells[0].high));
    }
};

QTEST_GUILESS_MAIN(TestEvalFigures)
#include "test_eval_figures.moc"
