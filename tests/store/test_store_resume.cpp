// Going on with a run: the first rows stay, the rest is written anew.
#include <QTemporaryDir>
#include <QTest>

#include "core/base/error.h"
#include "core/store/run_reader.h"
#include "core/store/run_writer.h"
#include "tests/store/check_rows.h"

class TestStoreResume : public QObject {
    Q_OBJECT
    QTemporaryDir folder_;
    std::string path_;

    // The sentence of a writer that cannot close; "" when it can.
    static QString closing(fm::RunWriter& writer) {
        try {
            writer.close();
        } catch (const fm::WorldError& error) {
            return error.what();
        }
        return {};
    }

private Q_SLOTS:
    void init() {
        path_ = folder_.filePath("20260314T150926Z-gates-3fa9c1.h5").toStdString();
        QFile::remove(QString::fromStdString(path_));
        const auto writer = fm::RunWriter::inFolder(folder_.path().toStdString());
        sample::Poster post(*writer);
        post(sample::header());
        for (std::int64_t i = 0; i < 2050; ++i) post(fm::RowAppended{0, sample::step(i)});
        for (std::int64_t i = 0; i < 10; ++i) post(fm::RowAppended{1, sample::answer(i)});
        post(fm::Logged{fm::Severity::Info, "[gates] first part"});
        post(fm::StateChanged{fm::RunState::Cancelled, ""});
        writer->close();
    }

    void keepsTheFirstRowsAndGrows() {
        fm::RunReader watching(path_);
        const auto writer = fm::RunWriter::resume(path_, {{"steps", 1500}});
        QCOMPARE(fm::RunReader(path_).rows(0), 2050);  // nothing has happened yet
        sample::Poster post(*writer);
        fm::RunOpened header = sample::header();
        header.device = "another";
        post(header);
        QVERIFY(watching.refresh());
        QCOMPARE(watching.rows(0), 1500);
        QVERIFY(watching.state() == fm::RunState::Running && watching.hasLiveWriter());
        for (std::int64_t i = 1500; i < 3000; ++i) post(fm::RowAppended{0, sample::step(i)});
        post(fm::Logged{fm::Severity::Info, "[gates] second part"});
        post(fm::StateChanged{fm::RunState::Finished, ""});
        writer->close();
        const fm::RunReader reader(path_);
        QCOMPARE(reader.rows(0), 3000);
        QCOMPARE(reader.rows(1), 10);
        QCOMPARE(sample::checkSteps(reader), std::string());
        QCOMPARE(sample::checkAnswers(reader), std::string());
        QCOMPARE(reader.readLog().size(), std::size_t{2});
        QCOMPARE(reader.readStates().size(), std::size_t{2});
        QVERIFY(reader.state() == fm::RunState::Finished);
        QCOMPARE(reader.header().device, std::string("another"));
        QCOMPARE(QDir(folder_.path()).entryList(QDir::Files).size(), 1);
    }

    void mayKeepNothing() {
        const auto writer = fm::RunWriter::resume(path_, {{"steps", 0}, {"samples", 0}});
        writer->post({0, 0, sample::header()});
        writer->close();
        const fm::RunReader reader(path_);
        QCOMPARE(reader.rows(0), 0);
        QCOMPARE(reader.rows(1), 0);
        QCOMPARE(reader.readLog().size(), std::size_t{1});
    }

    void refusesWhatCannotBeResumed() {
        QVERIFY_EXCEPTION_THROWN(fm::RunWriter::resume(path_, {{"steps", 2051}}), fm::FormatError);
        QVERIFY_EXCEPTION_THROWN(fm::RunWriter::resume(path_, {{"steps", -1}}), fm::FormatError);
        QVERIFY_EXCEPTION_THROWN(fm::RunWriter::resume(path_, {{"stops", 1}}), fm::FormatError);
        QVERIFY_EXCEPTION_THROWN(fm::RunWriter::resume(path_ + ".absent", {}), fm::WorldError);
        fm::RunOpened wider = sample::header();
        wider.tables[0].columns[3].width = 31;
        QVERIFY_EXCEPTION_THROWN(fm::RunWriter::resume(path_, {})->post({0, 0, wider}), fm::WorldError);
        fm::RunOpened other = sample::header();
        other.run_id = "20260314T150926Z-gates-3fa9c2";
        QVERIFY_EXCEPTION_THROWN(fm::RunWriter::resume(path_, {})->post({0, 0, other}), fm::WorldError);
        const fm::RunReader reader(path_);
        QCOMPARE(reader.rows(0), 2050);
        QCOMPARE(sample::checkSteps(reader), std::string());
    }

    void refusesARunThatIsBeingWritten() {
        const auto writer = fm::RunWriter::resume(path_, {});
        QVERIFY_EXCEPTION_THROWN(fm::RunWriter::resume(path_, {}), fm::WorldError);  // also before the run is opened
        writer->post({0, 0, sample::header()});
        QVERIFY_EXCEPTION_THROWN(fm::RunWriter::resume(path_, {}), fm::WorldError);
        writer->close();
        QVERIFY(fm::RunWriter::resume(path_, {}) != nullptr);
    }

    void aLockIsGivenBackWithoutARun() {
        { fm::RunWriter::resume(path_, {}); }
        { const fm::WriterLock lock(path_); }
        QVERIFY(!fm::hasLiveWriter(path_));
        QCOMPARE(QDir(folder_.path()).entryList(QDir::Files).size(), 1);
    }

    void refusesAFileThatWasReplacedMeanwhile() {
        const auto writer = fm::RunWriter::resume(path_, {});
        QVERIFY(QFile::rename(QString::fromStdString(path_), QString::fromStdString(path_ + ".moved")));
        QVERIFY(QFile::copy(QString::fromStdString(path_ + ".moved"), QString::fromStdString(path_)));
        QVERIFY_EXCEPTION_THROWN(writer->post({0, 0, sample::header()}), fm::WorldError);
        QVERIFY(QFile::remove(QString::fromStdString(path_ + ".moved")));
        QCOMPARE(fm::RunReader(path_).rows(0), 2050);
        QCOMPARE(QDir(folder_.path()).entryList(QDir::Files).size(), 1);
    }

    void saysThatItsFileWasDeleted() {
        const auto writer = fm::RunWriter::resume(path_, {});
        writer->post({0, 0, sample::header()});
        QVERIFY(QFile::remove(QString::fromStdString(path_)));
        writer->post({1, 0, fm::StateChanged{fm::RunState::Finished, ""}});
        const QString sentence = closing(*writer);
        QVERIFY2(sentence.contains("deleted or replaced"), qPrintable(sentence));
        writer->post({2, 0, fm::StateChanged{fm::RunState::Failed, sentence.toStdString()}});  // the job's last words
    }
};

QTEST_GUILESS_MAIN(TestStoreResume)
#include "test_store_resume.moc"
