// Run data from files that are finished, grow, are damaged, or come as events.
#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "core/base/error.h"
#include "tests/state/gate_run_fixture.h"
#include "widgets/state/gate_run_view.h"
#include "widgets/state/run_source.h"

using namespace fm;

class TestRunSource : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsAFinishedRun() {
        QTemporaryDir folder;
        QString path;
        {
            fixture::Writer writer(folder.path().toStdString(), fixture::gateHeader(6));
            for (int step = 0; step < 20; ++step) writer.row(0, fixture::gateStep(step, 6));
            writer.row(1, fixture::probe("FFLLLL", 0.1, 0.9));
            writer.post(Logged{Severity::Warning, "[gates] a word"});
            writer.finish();
            path = QString::fromStdString(writer.path());
        }
        RunSource source;
        QVERIFY(source.openFile(path));
        const RunData& run = source.data();
        QCOMPARE(run.rowsOf("steps"), 20);
        QCOMPARE(run.numLayers(), 6);
        QCOMPARE(run.specNumber("budget"), 2.0);
        QCOMPARE(run.specText("mode"), QString("default"));
        QCOMPARE(run.numbers("series/loss/align")[3], 1.5 - 0.15);
        QCOMPARE(run.vectorRow("gates/alpha_mean", 19)[2], fixture::meanOf(2, 6, 19));
        QVERIFY(run.vectorRow("gates/alpha_mean", 20).empty());
        QVERIFY(run.numbers("gates/alpha").empty());  // another type
        QCOMPARE(QString::fromStdString(run.texts("probes/plan")[0]), QString("FFLLLL"));
        QVERIFY(run.state() == RunState::Finished);
        QCOMPARE(run.log().size(), std::size_t{1});
    }

    void followsAGrowingFile() {
        QTemporaryDir folder;
        fixture::Writer writer(folder.path().toStdString(), fixture::gateHeader(6));
        writer.row(0, fixture::gateStep(0, 6));
        writer.flush();
        RunSource source;
        QVERIFY(source.openFile(QString::fromStdString(writer.path())));
        QCOMPARE(source.data().rowsOf("steps"), 1);
        QSignalSpy appended(&source.data(), &RunData::rowsAppended);
        const QSignalSpy added(&source.data(), &RunData::logAdded), replaced(&source.data(), &RunData::logReplaced);
        for (int step = 1; step < 8; ++step) writer.row(0, fixture::gateStep(step, 6));
        writer.flush();
        QTRY_COMPARE_WITH_TIMEOUT(source.data().rowsOf("steps"), 8, 3000);
        QCOMPARE(appended.count(), 1);  // one signal per batch
        QCOMPARE(appended.at(0).at(1).toLongLong(), 1);
        QCOMPARE(appended.at(0).at(2).toLongLong(), 7);
        for (const char* word : {"one", "two"}) {  // the lines that are there stay, with their selection
            writer.post(Logged{Severity::Info, word});
            writer.flush();
            QTRY_COMPARE_WITH_TIMEOUT(source.data().log().empty() ? "" : source.data().log().back().text, word, 3000);
        }
        QCOMPARE(added.count(), 2);
        QCOMPARE(replaced.count(), 0);
        writer.finish();
        QTRY_VERIFY_WITH_TIMEOUT(source.data().state() == RunState::Finished, 3000);
    }

    void damagedFilesAreOneSentence() {
        QTemporaryDir folder;
        const QString path = folder.filePath("20260314T150926Z-gates-3fa9c1.h5");
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("this is no run");
        file.close();
        RunSource source;
        QSignalSpy problems(&source, &RunSource::problemChanged);
        QVERIFY(!source.openFile(path));
        QVERIFY2(source.problem().startsWith(path), qPrintable(source.problem()));
        QCOMPARE(problems.count(), 1);
        QVERIFY(!source.openFile(folder.filePath("missing.h5")));
        QCOMPARE(problems.count(), 2);
        QVERIFY(!source.data().isOpen());
    }

    void takesLiveEvents() {
        RunSource source;
        source.openLive(fixture::gateHeader(4), {});
        QSignalSpy appended(&source.data(), &RunData::rowsAppended);
        std::uint64_t seq = 1;
        for (int step = 0; step < 5; ++step) source.take({seq++, 0, RowAppended{0, fixture::gateStep(step, 4)}});
        QCOMPARE(appended.count(), 0);  // until the batch is announced
        source.flushEvents();
        QCOMPARE(appended.count(), 1);
        source.take({seq++, 0, Progressed{5, 20, "steps", 1000, 3}});
        QCOMPARE(source.data().progress()->done, 5);
        source.take({seq++, 0, StateChanged{RunState::Paused, ""}});
        QVERIFY(source.data().state() == RunState::Paused);
        // A row of the wrong shape is a problem, not a crash.
        source.take({seq++, 0, RowAppended{0, fixture::gateStep(5, 5)}});
        QVERIFY(!source.problem().isEmpty());
        QCOMPARE(source.data().rowsOf("steps"), 5);
    }

    // The stream leaves out rows, then a remark; no row is ever shown in another's place, and no view begins again.
    void rowsThatWereLeftOutComeFromTheFile() {
        QTemporaryDir folder;
        const RunOpened header = fixture::gateHeader(4);
        fixture::Writer writer(folder.path().toStdString(), header);
        RunSource source;
        source.openLive(header, QString::fromStdString(writer.path()));
        const RunData& run = source.data();
        const QSignalSpy resets(&run, &RunData::wasReset);
        std::uint64_t seq = 1;
        const auto stepsAreInPlace = [&run](std::int64_t rows) {
            for (std::int64_t row = 0; row < run.rowsOf("steps"); ++row)
                if (stepOfRow(run, row).value() != static_cast<double>(row)) return false;
            return run.rowsOf("steps") == rows;
        };
        for (int step = 0; step < 10; ++step, ++seq) {
            writer.row(0, fixture::gateStep(step, 4));
            if (step < 3 || step > 6) source.take({seq, 0, RowAppended{0, fixture::gateStep(step, 4)}}, step);
        }
        source.flushEvents();
        QVERIFY(stepsAreInPlace(3));
        writer.flush();
        QTRY_VERIFY_WITH_TIMEOUT(stepsAreInPlace(10), 3000);
        // Both have met: what comes now need not wait for the file.
        source.take({seq++, 0, RowAppended{0, fixture::gateStep(10, 4)}}, 10);
        writer.row(0, fixture::gateStep(10, 4));
        QVERIFY(stepsAreInPlace(11));
        QVERIFY(run.state() == RunState::Running);
        writer.row(0, fixture::gateStep(11, 4));
        writer.post(Logged{Severity::Info, "left out"});
        seq += 2;
        source.take({seq, 0, StateChanged{RunState::Finished, ""}});
        QVERIFY(run.state() == RunState::Finished);
        QVERIFY(stepsAreInPlace(11));
        writer.finish();
        QTRY_VERIFY_WITH_TIMEOUT(stepsAreInPlace(12), 3000);
        QTRY_COMPARE_WITH_TIMEOUT(run.log().size(), std::size_t{1}, 3000);
        QVERIFY(run.state() == RunState::Finished);
        QCOMPARE(resets.count(), 0);
    }

    void ranksAsTheCommandLineDoes() {
        QTemporaryDir folder;
        RunSource source;
        source.openLive(fixture::gateHeader(4), {});
        source.take({1, 0, RowAppended{0, fixture::gateStep(0, 4)}});
        source.take({2, 0, RowAppended{0, fixture::gateStep(1, 4)}});
        const LayerRanking ranking = rankingAt(source.data(), 1);
        QCOMPARE(rankedLayers(ranking), (std::vector<int>{0, 1, 2, 3}));  // by the mean, which falls with the layer
        source.openLive(fixture::gateHeader(4, R"({"mode":"paper"})"), {});
        source.take({1, 0, RowAppended{0, fixture::gateStep(0, 4)}});
        QCOMPARE(rankedLayers(rankingAt(source.data(), 0)), (std::vector<int>{3, 2, 1, 0}));  // by the gates
        QVERIFY(rankingAt(source.data(), 7).score.empty());
        // The plan a run ended with counts once it has finished.
        source.take({2, 0, RowAppended{1, fixture::probe("LFLF", 0.1, 0.9)}});
        QVERIFY(!endedWith(source.data()));
        source.take({3, 0, StateChanged{RunState::Finished, ""}});
        QCOMPARE(endedWith(source.data())->fullLayers(), (std::vector<int>{1, 3}));
    }
};

QTEST_GUILESS_MAIN(TestRunSource)
#include "test_run_source.moc"
