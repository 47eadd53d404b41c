// The same files through h5py, which shares no code with us. Needs FM_ORACLE_PYTHON=<python that has h5py>.
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include "core/store/run_writer.h"
#include "tests/store/child.h"

class TestStoreH5py : public QObject {
    Q_OBJECT
    QString python_;

    void check(const QString& path, const char* how, int least_rows, const char* status) {
        QProcess script;
        script.setProcessChannelMode(QProcess::MergedChannels);
        script.start(python_, {FM_CHECK_SCRIPT, path, how, QString::number(least_rows), status});
        QVERIFY(script.waitForFinished(60'000));
        const QByteArray output = script.readAll();
        QVERIFY2(script.exitStatus() == QProcess::NormalExit && script.exitCode() == 0, output.constData());
    }

private Q_SLOTS:
    void initTestCase() {
        python_ = qEnvironmentVariable("FM_ORACLE_PYTHON");
        if (python_.isEmpty()) QSKIP("skipped: FM_ORACLE_PYTHON does not name a Python that has h5py");
    }

    void aFinishedFile() {
        QTemporaryDir folder;
        const auto writer = fm::RunWriter::inFolder(folder.path().toStdString());
        sample::Poster post(*writer);
        post(sample::header());
        post(fm::Logged{fm::Severity::Warning, "[gates] begins"});
        for (std::int64_t i = 0; i < 5000; ++i) post(fm::RowAppended{0, sample::step(i)});
        for (std::int64_t i = 0; i < 20; ++i) post(fm::RowAppended{1, sample::answer(i)});
        post(fm::StateChanged{fm::RunState::Finished, ""});
        writer->close();
        check(QString::fromStdString(writer->path()), "closed", 5000, "finished");
    }

    void aFileThatIsBeingWritten() {
        Child child({"flat"});
        QVERIFY(QTest::qWaitFor([&] { return child.posted() > 500; }, 10'000));
        check(child.runPath(), "live", 400, "running");
        QVERIFY(child.runs());
    }

    void aFileWhoseWriterWasKilled() {
        Child child({"flat"});
        QVERIFY(QTest::qWaitFor([&] { return child.posted() > 2500; }, 10'000));
        child.kill();
        check(child.runPath(), "live", 2400, "running");
    }
};

QTEST_GUILESS_MAIN(TestStoreH5py)
#include "test_store_h5py.moc"
