// What the window shows of an evaluation: recall with an interval over sequences, of new run files and of old ones.
#include <QTemporaryDir>
#include <QTest>

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
    return fm::figuresOf(reader, {}, {});
}

fm::Row answer(const std::string& task, const std::string& seed, bool right) {
    fm::Row row = fixture::sampleRow(task, 512, 0.5, "alpha", right ? "alpha" : "none");
    row[4] = seed;
    return row;
}

// Two sequences of mk4, of which the first has two answers, and one of hop2.
std::vector<fm::Row> answers() {
    return {answer("mk4", "1", true), answer("mk4", "1", false), answer("mk4", "2", true), answer("hop2", "3", true)};
}

}  // namespace

class TestEvalFigures : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void recallIsTheMeanOfCellsOverSequences() {
        for (const auto& tables : {fixture::evalTables(), fixture::earlierEvalTables()}) {
            std::vector<std::pair<int, fm::Row>> rows;
            for (const fm::Row& row : answers()) rows.emplace_back(1, row);
            const fm::Estimate recall = figuresIn(fixture::header(kRun, "eval", "{}", tables), rows).recall;
            const fm::Estimate truth = fm::boundedMean({{0.5, 1}, {1}}, 0, 1);
            QCOMPARE(recall.value, 0.875);
            QCOMPARE(recall.n, std::int64_t{3});
            QCOMPARE(recall.low, truth.low);
            QCOMPARE(recall.high, truth.high);
        }
    }

    void withoutAnswersNothingIsKnown() {
        QVERIFY(!figuresIn(fixture::header(kRun, "eval", "{}", fixture::evalTables()), {}).recall.known());
    }

    void cellsCountSequences() {
        fm::RunData run;
        run.reset(fixture::header(kRun, "eval", "{}", fixture::evalTables()));
        fixture::fill(run, 1, answers());
        QCOMPARE(fm::evaluatedTasks(run), (std::vector<std::string>{"mk4", "hop2"}));
        const std::vector<fm::RecallCell> cells = fm::recallCells(run, "mk4");
        QCOMPARE(cells.size(), std::size_t{1});
        QCOMPARE(cells[0].recall.value, 0.75);
        QCOMPARE(cells[0].recall.n, std::int64_t{2});
        QCOMPARE(cells[0].recall.low, fm::boundedMean({{0.5, 1}}, 0, 1).low);
    }
};

QTEST_GUILESS_MAIN(TestEvalFigures)
#include "test_eval_figures.moc"
