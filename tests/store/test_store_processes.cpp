// A second process writes: it is watched while it does, and killed at random moments.
#include <QElapsedTimer>
#include <QRandomGenerator>
#include <QTest>
#include <QThread>

#include "core/base/error.h"
#include "core/store/run_reader.h"
#include "core/store/run_writer.h"
#include "tests/store/check_rows.h"
#include "tests/store/child.h"

class TestStoreProcesses : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aReaderSeesTheFileGrow() {
        constexpr std::int64_t all_rows = 1500;
        Child child({"paced", QString::number(all_rows)});
        QVERIFY(QTest::qWaitFor([&] { return QFile::exists(child.runPath()); }, 10'000));
        fm::RunReader reader(child.runPath().toStdString());
        QVERIFY(reader.hasLiveWriter() && !reader.interrupted());
        std::int64_t last = 0;
        int growths = 0;
        QElapsedTimer timer;
        timer.start();
        while (!isTerminal(reader.state()) && timer.elapsed() < 30'000) {
            reader.refresh();
            QVERIFY(reader.rows(0) >= last);
            growths += reader.rows(0) > last;
            last = reader.rows(0);
            QCOMPARE(sample::checkSteps(reader), std::string());
            QThread::msleep(5);
        }
        QVERIFY2(growths >= 5, qPrintable(QString::number(growths)));
        QCOMPARE(reader.rows(0), all_rows);
        QVERIFY(reader.state() == fm::RunState::Finished);
        QVERIFY(child.process().waitForFinished(10'000));
        QCOMPARE(child.process().exitCode(), 0);
        QVERIFY(!reader.hasLiveWriter() && !reader.interrupted());
        QCOMPARE(sample::checkSteps(fm::RunReader(child.runPath().toStdString())), std::string());
    }

    // Flat out, so that each moment is a moment of writing. What post() has taken is lost only as far as it was not
    // due to be flushed: less than 100 rows, whatever their table.
    void killedAtThirtyRandomMoments() {
        std::int64_t most_rows = 0;
        for (int round = 0; round < 30; ++round) {
            Child child({"flat"});
            QVERIFY(QTest::qWaitFor([&] { return child.posted() > 0; }, 10'000));
            QThread::usleep(QRandomGenerator::global()->bounded(1000u, 120'000u));
            child.kill();
            const std::int64_t posted = child.posted();
            const fm::RunReader reader(child.runPath().toStdString());
            QCOMPARE(sample::checkSteps(reader), std::string());
            QCOMPARE(sample::checkAnswers(reader), std::string());
            QVERIFY2(reader.rows(0) > posted - 100, qPrintable(QString("%1 of %2").arg(reader.rows(0)).arg(posted)));
            QVERIFY(reader.state() == fm::RunState::Running && reader.interrupted());
            most_rows = std::max(most_rows, reader.rows(0));
        }
        QVERIFY2(most_rows > 1000, qPrintable(QString::number(most_rows)));  // otherwise nothing was interrupted
    }

    void aSlowJobLosesAtMostTheLastSecond() {
        Child child({"slow"});
        QVERIFY(QTest::qWaitFor([&] { return child.posted() == 7; }, 10'000));
        QThread::msleep(1700);  // the second, and room for a busy machine
        child.kill();
        const fm::RunReader reader(child.runPath().toStdString());
        QCOMPARE(reader.rows(0), 7);
        QCOMPARE(sample::checkSteps(reader), std::string());
    }

    void aKilledRunCanBeResumed() {
        Child child({"flat"});
        QVERIFY(QTest::qWaitFor([&] { return child.posted() > 1500; }, 10'000));
        QVERIFY_EXCEPTION_THROWN(fm::RunWriter::resume(child.runPath().toStdString(), {}), fm::WorldError);
        child.kill();
        const std::string path = child.runPath().toStdString();
        const auto writer = fm::RunWriter::resume(path, {{"steps", 1234}});
        sample::Poster post(*writer);
        post(sample::header());
        for (std::int64_t i = 1234; i < 1300; ++i) post(fm::RowAppended{0, sample::step(i)});
        post(fm::StateChanged{fm::RunState::Finished, ""});
        writer->close();
        const fm::RunReader reader(path);
        QCOMPARE(reader.rows(0), 1300);
        QCOMPARE(sample::checkSteps(reader), std::string());
        QCOMPARE(sample::checkAnswers(reader), std::string());
    }
};

QTEST_GUILESS_MAIN(TestStoreProcesses)
#include "test_store_processes.moc"
