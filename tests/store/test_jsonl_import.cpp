// Records of engines without HDF5 become the run files that the store would have written.
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "core/base/error.h"
#include "core/run/event_json.h"
#include "core/run/jsonl_sink.h"
#include "core/store/jsonl_import.h"
#include "core/store/run_reader.h"
#include "tests/store/check_rows.h"

class TestJsonlImport : public QObject {
    Q_OBJECT
    QTemporaryDir folder_;
    std::string lines_path_;
    std::string run_path_;
    QByteArray lines_;

    void write(const QByteArray& bytes) {
        QFile file(QString::fromStdString(lines_path_));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(bytes);
    }

    QString failure() {
        try {
            fm::importJsonl(lines_path_, run_path_);
        } catch (const fm::WorldError& error) {
            return error.what();
        }
        return "was accepted";
    }

private Q_SLOTS:
    void init() {
        lines_path_ = folder_.filePath("run.jsonl").toStdString();
        run_path_ = folder_.filePath("run.h5").toStdString();
        QFile::remove(QString::fromStdString(run_path_));
        {
            fm::JsonlSink sink(lines_path_);
            sample::Poster post(sink);
            post(sample::header());
            post(fm::Logged{fm::Severity::Info, "[gates] two\nlines"});
            for (std::int64_t i = 0; i < 333; ++i) post(fm::RowAppended{0, sample::step(i)});
            post(fm::Progressed{333, 333, "steps"});
            post(fm::RowAppended{1, sample::answer(0)});
            post(fm::StateChanged{fm::RunState::Finished, ""});
        }
        QFile file(QString::fromStdString(lines_path_));
        QVERIFY(file.open(QIODevice::ReadOnly));
        lines_ = file.readAll();
    }

    void importsAWholeRun() {
        const fm::JsonlContent result = fm::importJsonl(lines_path_, run_path_);
        QCOMPARE(result.events, 338);
        QVERIFY(!result.torn_last_line);
        const fm::RunReader reader(run_path_);
        QCOMPARE(reader.rows(0), 333);
        QCOMPARE(reader.rows(1), 1);
        QCOMPARE(sample::checkSteps(reader), std::string());
        QCOMPARE(sample::checkAnswers(reader), std::string());
        QCOMPARE(reader.readLog().at(0).text, std::string("[gates] two\nlines"));
        QVERIFY(reader.state() == fm::RunState::Finished);
        QCOMPARE(QDir(folder_.path()).entryList(QDir::Files), (QStringList{"run.h5", "run.jsonl"}));
    }

    void aKilledEngineLeavesATornLine() {
        write(lines_.left(lines_.size() * 2 / 3));
        const fm::JsonlContent result = fm::importJsonl(lines_path_, run_path_);
        QVERIFY(result.torn_last_line);
        const fm::RunReader reader(run_path_);
        QVERIFY(reader.rows(0) > 100 && reader.rows(0) < 333);
        QCOMPARE(sample::checkSteps(reader), std::string());
        QVERIFY(reader.interrupted());
    }

    void refusesToReplaceARun() {
        fm::importJsonl(lines_path_, run_path_);
        QVERIFY(failure().contains("exists already"));
    }

    void refusesDamagedRecords_data() {
        QTest::addColumn<int>("which");
        QTest::addColumn<QString>("says");
        QTest::newRow("empty") << 0 << "holds no run";
        QTest::newRow("torn header") << 1 << "line 1:";
        QTest::newRow("a line is missing") << 2 << "line 11: event 11 comes where event 10";
        QTest::newRow("a line is garbage") << 3 << "line 11:";
        QTest::newRow("no header") << 4 << "line 1:";
        QTest::newRow("two runs") << 5 << "line 339:";
        QTest::newRow("hostile id") << 6 << "run_id";
        QTest::newRow("empty line") << 7 << "line 11:";
        QTest::newRow("no file") << 8 << "opening";
    }
    void refusesDamagedRecords() {
        QFETCH(int, which);
        QFETCH(QString, says);
        QList<QByteArray> lines = lines_.split('\n');
        if (which == 2) lines.removeAt(10);
        if (which == 3) lines[10] = "\xff\x00{";
        if (which == 4) lines.removeFirst();
        if (which == 6) lines[0].replace(sample::run_id.c_str(), "../../../../outside");
        if (which == 7) lines.insert(10, QByteArray());
        QByteArray content = lines.join('\n');
        if (which == 0) content.clear();
        if (which == 1) content = content.left(50);
        if (which == 5) content += content;
        write(content);
        if (which == 8) QFile::remove(QString::fromStdString(lines_path_));
        const QString sentence = failure();
        QVERIFY2(sentence.startsWith(folder_.path()) && sentence.contains(says), qPrintable(sentence));
        for (const QString& name : QDir(folder_.path()).entryList(QDir::Files)) QCOMPARE(name, QString("run.jsonl"));
    }
};

QTEST_GUILESS_MAIN(TestJsonlImport)
#include "test_jsonl_import.moc"
