// A full disk: one sentence that says what to do, and a file that keeps what was stored and says `failed`.
#include <QTemporaryDir>
#include <QTest>

#include "core/base/error.h"
#include "core/store/run_reader.h"
#include "core/store/run_writer.h"
#include "tests/store/check_rows.h"
#include "tests/store/child.h"
#include "tests/support/small_disk.h"

namespace {

// Steps until post() throws; the sentence.
std::string postUntilFull(sample::Poster& post, std::int64_t& taken) {
    try {
        for (taken = 0; taken < 1'000'000; ++taken) post(fm::RowAppended{0, sample::step(taken)});
    } catch (const fm::WorldError& error) {
        return error.what();
    }
    return "was never full";
}

}  // namespace

class TestStoreDiskFull : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theFileStaysReadableAndSaysFailed() {
        const QTemporaryDir folder;
        fm::testing::SmallDisk disk(folder.path(), 4);
        if (!disk.mounted()) QSKIP(qPrintable(disk.why()));
        const auto writer = fm::RunWriter::inFolder(disk.path().toStdString());
        sample::Poster post(*writer);
        post(sample::header());
        std::int64_t taken = 0;
        const QString sentence = QString::fromStdString(postUntilFull(post, taken));
        QVERIFY2(sentence.startsWith(QString::fromStdString(writer->path())), qPrintable(sentence));
        QVERIFY2(sentence.contains("free some space"), qPrintable(sentence));
        QVERIFY(taken > 1000);
        try {
            post(fm::Logged{fm::Severity::Info, "[gates] goes on"});
            QFAIL("was accepted");
        } catch (const fm::WorldError& error) {
            QCOMPARE(QString(error.what()), sentence);
        }
        post(fm::StateChanged{fm::RunState::Failed, sentence.toStdString()});  // the job says how it ended
        QVERIFY_EXCEPTION_THROWN(writer->close(), fm::WorldError);
        const fm::RunReader reader(writer->path());
        QVERIFY(reader.rows(0) > taken - 200 && reader.rows(0) <= taken);
        QCOMPARE(sample::checkSteps(reader), std::string());
        QVERIFY(reader.state() == fm::RunState::Failed);
    }

    // Somebody else takes the last block: nothing can be written any more but what is in place.
    void evenWithNoBlockLeft() {
        const QTemporaryDir folder;
        fm::testing::SmallDisk disk(folder.path(), 4);
        if (!disk.mounted()) QSKIP(qPrintable(disk.why()));
        const auto writer = fm::RunWriter::inFolder(disk.path().toStdString());
        sample::Poster post(*writer);
        post(sample::header());
        for (std::int64_t i = 0; i < 500; ++i) post(fm::RowAppended{0, sample::step(i)});
        QVERIFY(disk.fillBut(0));
        QCOMPARE(disk.freeBytes(), 0);
        std::int64_t taken = 0;
        const QString sentence = QString::fromStdString(postUntilFull(post, taken));
        QVERIFY2(sentence.contains("free some space"), qPrintable(sentence));
        QVERIFY_EXCEPTION_THROWN(writer->close(), fm::WorldError);
        const fm::RunReader reader(writer->path());
        QCOMPARE(reader.rows(0), 500);
        QCOMPARE(sample::checkSteps(reader), std::string());
        QVERIFY(reader.state() == fm::RunState::Failed);
    }

    void aRunThatCannotBeginLeavesNothing() {
        const QTemporaryDir folder;
        fm::testing::SmallDisk disk(folder.path(), 4);
        if (!disk.mounted()) QSKIP(qPrintable(disk.why()));
        QVERIFY(disk.fillBut(8192));
        const auto writer = fm::RunWriter::inFolder(disk.path().toStdString());
        QVERIFY_EXCEPTION_THROWN(writer->post({0, 0, sample::header()}), fm::WorldError);
        QVERIFY(QDir(disk.path()).entryList(QDir::Files).isEmpty());
    }

    // The flusher finds the disk full while the job is silent; the job hears of it at its next event.
    void theJobHearsOfALateFlush() {
        const QTemporaryDir folder;
        fm::testing::SmallDisk disk(folder.path(), 4);
        if (!disk.mounted()) QSKIP(qPrintable(disk.why()));
        const auto writer = fm::RunWriter::inFolder(disk.path().toStdString());
        sample::Poster post(*writer);
        post(sample::header());
        QVERIFY(disk.fillBut(0));
        post(fm::RowAppended{0, sample::step(0)});
        fm::RunReader reader(writer->path());
        QVERIFY(QTest::qWaitFor([&] { return reader.refresh() && reader.state() == fm::RunState::Failed; }, 10'000));
        QVERIFY_EXCEPTION_THROWN(post(fm::RowAppended{0, sample::step(1)}), fm::WorldError);
    }

    // Here statvfs sees space enough: the failure comes from inside HDF5, in the middle of a write.
    void aWriteThatFailsInsideHdf5() {
        Child child({"limited"});
        QVERIFY(child.process().waitForFinished(60'000));
        const QString sentence = child.process().readAllStandardOutput().trimmed();
        QCOMPARE(child.process().exitStatus(), QProcess::NormalExit);
        QVERIFY2(child.process().exitCode() == 3, qPrintable(sentence));
        QVERIFY2(sentence.startsWith(child.runPath()) && sentence.contains("ulimit"), qPrintable(sentence));
        const fm::RunReader reader(child.runPath().toStdString());
        QVERIFY2(reader.rows(0) > child.posted() - 200, qPrintable(QString::number(reader.rows(0))));
        QCOMPARE(sample::checkSteps(reader), std::string());
        QVERIFY(reader.state() == fm::RunState::Failed);
    }
};

QTEST_GUILESS_MAIN(TestStoreDiskFull)
#include "test_store_disk_full.moc"
