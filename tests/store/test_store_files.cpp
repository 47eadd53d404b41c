// What is posted is what is read, also while the file is being written by this very process.
#include <QElapsedTimer>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/store/run_reader.h"
#include "core/store/run_writer.h"
#include "tests/store/check_rows.h"

class TestStoreFiles : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void storesAWholeRun() {
        QTemporaryDir folder;
        const auto writer = fm::RunWriter::inFolder(folder.path().toStdString());
        QVERIFY(writer->path().empty());
        sample::Poster post(*writer);
        post(sample::header());
        for (std::int64_t i = 0; i < 3333; ++i) post(fm::RowAppended{0, sample::step(i)});
        for (std::int64_t i = 0; i < 77; ++i) post(fm::RowAppended{1, sample::answer(i)});
        post(fm::StateChanged{fm::RunState::Finished, ""});
        writer->close();

        const fm::RunReader reader(folder.filePath("20260314T150926Z-gates-3fa9c1.h5").toStdString());
        QCOMPARE(writer->path(), reader.path());
        QCOMPARE(reader.rows(0), 3333);
        QCOMPARE(reader.rows(1), 77);
        QCOMPARE(sample::checkSteps(reader), std::string());
        QCOMPARE(sample::checkAnswers(reader), std::string());
        QVERIFY(reader.state() == fm::RunState::Finished);
        QVERIFY(!reader.hasLiveWriter() && !reader.interrupted());
        QCOMPARE(QDir(folder.path()).entryList(QDir::Files).size(), 1);
    }

    // Opened as a summary, a file knows its rows and paths at once, and gives the same values as opened whole.
    void aSummaryReadsTheSame() {
        QTemporaryDir folder;
        const auto writer = fm::RunWriter::inFolder(folder.path().toStdString());
        sample::Poster post(*writer);
        post(sample::header());
        for (std::int64_t i = 0; i < 150; ++i) post(fm::RowAppended{0, sample::step(i)});
        post(fm::RowAppended{1, sample::answer(0)});
        writer->flush();
        fm::RunReader summary(writer->path(), fm::RunReader::Detail::Summary);
        QCOMPARE(summary.rows(0), 150);
        QVERIFY(summary.hasLiveWriter() && summary.find("eval/answer") && !summary.find("events/log/text"));
        QCOMPARE(summary.header().spec_json, sample::header().spec_json);
        QCOMPARE(summary.header().tables[0].columns.size(), sample::header().tables[0].columns.size());
        QCOMPARE(summary.column("gates/alpha").width, sample::num_layers);
        QVERIFY_EXCEPTION_THROWN(summary.readNumbers("eval/answer"), fm::FormatError);
        QVERIFY_EXCEPTION_THROWN(summary.readLog(), fm::FormatError);
        for (std::int64_t i = 150; i < 200; ++i) post(fm::RowAppended{0, sample::step(i)});
        post(fm::StateChanged{fm::RunState::Finished, ""});
        QVERIFY(summary.refresh());
        QCOMPARE(summary.rows(0), 200);
        QCOMPARE(sample::checkSteps(summary), std::string());
        QCOMPARE(sample::checkAnswers(summary), std::string());
        writer->close();
    }

    void keepsTheHeader() {
        QTemporaryDir folder;
        fm::RunOpened expected = sample::header();
        expected.chat_family = "smollm2";
        const auto writer = fm::RunWriter::inFolder(folder.path().toStdString());
        writer->post({0, 0, expected});
        writer->close();
        const fm::RunReader reader(writer->path());
        const fm::RunOpened& header = reader.header();
        QCOMPARE(header.chat_family, expected.chat_family);
        QCOMPARE(header.run_id, expected.run_id);
        QCOMPARE(header.job, expected.job);
        QCOMPARE(header.spec_json, expected.spec_json);
        QCOMPARE(header.software, expected.software);
        QCOMPARE(header.device, expected.device);
        QCOMPARE(header.teacher_hash, expected.teacher_hash);
        QCOMPARE(header.parents, expected.parents);
        QCOMPARE(header.tables.size(), expected.tables.size());
        for (std::size_t t = 0; t < header.tables.size(); ++t) {
            QCOMPARE(header.tables[t].name, expected.tables[t].name);
            QCOMPARE(header.tables[t].columns.size(), expected.tables[t].columns.size());
            for (std::size_t c = 0; c < header.tables[t].columns.size(); ++c) {
                const fm::Column& column = header.tables[t].columns[c];
                QCOMPARE(column.path, expected.tables[t].columns[c].path);
                QVERIFY(column.type == expected.tables[t].columns[c].type);
                QCOMPARE(column.width, expected.tables[t].columns[c].width);
                QCOMPARE(column.unit, expected.tables[t].columns[c].unit);
                QCOMPARE(column.help, expected.tables[t].columns[c].help);
            }
        }
        QVERIFY(reader.interrupted());  // closed without an end
        const fm::RunReader::Place place = reader.find("eval/answer").value();
        QCOMPARE(place.table, 1);
        QCOMPARE(place.column, 1);
        QVERIFY(!reader.find("events/log/text") && !reader.findTable("events_log"));
    }

    void keepsEveryValue() {
        QTemporaryDir folder;
        fm::RunOpened header = sample::header();
        header.parents.clear();
        header.software.clear();
        header.tables = {{"t",
                          {{"i", fm::CellType::Int64},
                           {"d", fm::CellType::Float64},
                           {"v", fm::CellType::Float32Vector, 1},
                           {"s", fm::CellType::Text, 4}}}};
        const double inf = std::numeric_limits<double>::infinity();
        const std::vector<std::int64_t> integers = {std::numeric_limits<std::int64_t>::min(), -1, 0,
                                                    std::numeric_limits<std::int64_t>::max()};
        const std::vector<double> numbers = {-inf, 5e-324, -0.0, 1.7976931348623157e308};
        const std::vector<std::string> texts = {"", "abcd", "\xf0\x9f\x98\x80", "a"};
        const auto writer = fm::RunWriter::inFolder(folder.path().toStdString());
        sample::Poster post(*writer);
        post(header);
        for (std::size_t i = 0; i < 4; ++i)
            post(fm::RowAppended{0, {integers[i], numbers[i], std::vector<float>{float(i) / 3}, texts[i]}});
        post(fm::RowAppended{0, {std::int64_t{0}, std::nan(""), std::vector<float>{NAN}, std::string()}});
        writer->close();
        const fm::RunReader reader(writer->path());
        QCOMPARE(reader.readIntegers("i", 0, 4), integers);
        QCOMPARE(reader.readNumbers("d", 0, 4), numbers);
        QVERIFY(std::signbit(reader.readNumbers("d")[2]));
        QVERIFY(std::isnan(reader.readNumbers("d")[4]) && std::isnan(reader.readVectors("v").values[4]));
        QCOMPARE(reader.readVectors("v").values[2], 2.0f / 3);
        QCOMPARE(reader.readTexts("s", 0, 4), texts);
        QCOMPARE(reader.readNumbers("i")[1], -1.0);
        QVERIFY(reader.header().parents.empty());
    }

    void readsParts() {
        QTemporaryDir folder;
        const auto writer = fm::RunWriter::inFolder(folder.path().toStdString());
        sample::Poster post(*writer);
        post(sample::header());
        for (std::int64_t i = 0; i < 2500; ++i) post(fm::RowAppended{0, sample::step(i)});
        writer->close();
        const fm::RunReader reader(writer->path());
        QCOMPARE(reader.readIntegers("steps/index", 1023, 3), (std::vector<std::int64_t>{1023, 1024, 1025}));
        QCOMPARE(reader.readVectors("gates/alpha", 2499).values[1], 2500.0f + 1.0f / 32);
        QCOMPARE(reader.readIntegers("steps/index", 2490, 100).size(), std::size_t{10});
        QVERIFY(reader.readIntegers("steps/index", 9999, 10).empty());
        QVERIFY(reader.readIntegers("steps/index", 0, 0).empty());
        QVERIFY_EXCEPTION_THROWN(reader.readNumbers("no/such"), fm::FormatError);
        QVERIFY_EXCEPTION_THROWN(reader.readIntegers("gates/alpha"), fm::FormatError);
    }

    void logAndStatesAreJoinedAgain() {
        QTemporaryDir folder;
        std::string longest;
        for (int i = 0; i < 700; ++i) longest += "\xe2\x82\xac";  // 2,100 bytes: no cut may fall into a character
        const auto writer = fm::RunWriter::inFolder(folder.path().toStdString());
        sample::Poster post(*writer);
        post(sample::header());
        post(fm::Logged{fm::Severity::Info, "[gates] begins"});
        post(fm::Logged{fm::Severity::Warning, longest});
        post(fm::Logged{fm::Severity::Error, ""});
        post(fm::StateChanged{fm::RunState::Paused, ""});
        post(fm::StateChanged{fm::RunState::Failed, longest});
        writer->close();
        const fm::RunReader reader(writer->path());
        const std::vector<fm::LogLine> log = reader.readLog();
        QCOMPARE(log.size(), std::size_t{3});
        QCOMPARE(log[0].text, std::string("[gates] begins"));
        QCOMPARE(log[1].text, longest);
        QVERIFY(log[1].severity == fm::Severity::Warning && log[2].severity == fm::Severity::Error);
        QCOMPARE(log[2].seq, std::uint64_t{3});
        const std::vector<fm::StateLine> states = reader.readStates();
        QCOMPARE(states.size(), std::size_t{2});
        QVERIFY(states[0].state == fm::RunState::Paused && states[1].state == fm::RunState::Failed);
        QCOMPARE(states[1].text, longest);
        QVERIFY(reader.state() == fm::RunState::Failed);
    }

    void flushesByCountByTimeAndByImportance() {
        QTemporaryDir folder;
        const auto writer = fm::RunWriter::inFolder(folder.path().toStdString());
        sample::Poster post(*writer);
        post(sample::header());
        fm::RunReader reader(writer->path());
        QVERIFY(reader.hasLiveWriter() && !reader.interrupted());
        for (std::int64_t i = 0; i < 99; ++i) post(fm::RowAppended{0, sample::step(i)});
        reader.refresh();
        QCOMPARE(reader.rows(0), 0);
        post(fm::RowAppended{0, sample::step(99)});
        QVERIFY(reader.refresh());
        QCOMPARE(reader.rows(0), 100);
        QVERIFY(!reader.refresh());

        post(fm::RowAppended{0, sample::step(100)});
        QElapsedTimer timer;
        timer.start();
        QVERIFY(QTest::qWaitFor([&] { return reader.refresh() && reader.rows(0) == 101; }, 10'000));
        QVERIFY2(timer.elapsed() > 500 && timer.elapsed() < 2500, qPrintable(QString::number(timer.elapsed())));

        post(fm::RowAppended{0, sample::step(101)});
        post(fm::StateChanged{fm::RunState::Paused, ""});
        QVERIFY(reader.refresh());
        QCOMPARE(reader.rows(0), 102);
        QVERIFY(reader.state() == fm::RunState::Paused);
        post(fm::Logged{fm::Severity::Error, "[gates] trouble"});
        reader.refresh();
        QCOMPARE(reader.readLog().size(), std::size_t{1});
        QCOMPARE(sample::checkSteps(reader), std::string());
    }

    void refusesToReplaceARun() {
        QTemporaryDir folder;
        const auto first = fm::RunWriter::inFolder(folder.path().toStdString());
        first->post({0, 0, sample::header()});
        first->close();
        const auto second = fm::RunWriter::inFolder(folder.path().toStdString());
        QVERIFY_EXCEPTION_THROWN(second->post({0, 0, sample::header()}), fm::WorldError);
        QCOMPARE(fm::RunReader(first->path()).rows(0), 0);
    }

    void refusesImpossibleHeaders_data() {
        QTest::addColumn<int>("which");
        for (int i = 0; i < 12; ++i) QTest::addRow("%d", i) << i;
    }
    void refusesImpossibleHeaders() {
        QFETCH(int, which);
        fm::RunOpened header = sample::header();
        std::vector<fm::Column>& columns = header.tables[0].columns;
        if (which == 0) header.run_id = "../../etc/passwd";
        if (which == 1) header.tables[1].name = "steps";
        if (which == 2) header.tables[1].name = "a/b";
        if (which == 3) header.tables[1].name = "events_log";
        if (which == 4) columns[1].path = "steps/index";
        if (which == 5) columns[1].path = "steps/index/below";
        if (which == 6) columns[1].path = "events/log/text";
        if (which == 7) columns[1].path = "a/../b";
        if (which == 8) columns[1].path = "/a";
        if (which == 9) columns[3].width = 0;
        if (which == 10) columns.clear();
        if (which == 11) header.spec_json.assign(70'000, ' ');
        QTemporaryDir folder;
        const auto writer = fm::RunWriter::inFolder(folder.path().toStdString());
        QVERIFY_EXCEPTION_THROWN(writer->post({0, 0, header}), fm::FormatError);
        QVERIFY(QDir(folder.path()).entryList(QDir::Files).isEmpty());
    }

    void refusesRowsThatDoNotFit() {
        QTemporaryDir folder;
        const auto writer = fm::RunWriter::inFolder(folder.path().toStdString());
        sample::Poster post(*writer);
        post(sample::header());
        post(fm::RowAppended{1, sample::answer(0)});
        QVERIFY_EXCEPTION_THROWN(post(fm::RowAppended{1, {std::int64_t{1}, std::string(25, 'x')}}), fm::FormatError);
    }

    void aMissingFolderIsNamed() {
        const auto writer = fm::RunWriter::inFolder("/nonexistent/runs");
        try {
            writer->post({0, 0, sample::header()});
            QFAIL("was accepted");
        } catch (const fm::WorldError& error) {
            QVERIFY2(QString(error.what()).startsWith("/nonexistent/runs/"), error.what());
            QVERIFY2(QString(error.what()).contains("create the folder first"), error.what());
        }
        QVERIFY_EXCEPTION_THROWN(fm::RunReader("/nonexistent/run.h5"), fm::WorldError);
        QVERIFY_EXCEPTION_THROWN(fm::RunReader("/"), fm::WorldError);
    }
};

QTEST_GUILESS_MAIN(TestStoreFiles)
#include "test_store_files.moc"
