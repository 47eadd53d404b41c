// Runs kept as JSON lines, as a build without HDF5 writes, reads and resumes them; the HDF5 store, given the same
// events, must answer the same.
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "core/base/error.h"
#include "core/store/jsonl_import.h"
#include "core/store/jsonl_run.h"
#include "core/store/jsonl_writer.h"
#include "tests/store/sample_run.h"

namespace {

constexpr std::int64_t kSteps = 250;

// `end` at the end, nothing when the run is to look killed.
void writeSample(fm::JsonlWriter& writer, std::int64_t first_step, std::optional<fm::RunState> end) {
    sample::Poster post(writer);
    post(sample::header());
    for (std::int64_t i = first_step; i < kSteps; ++i) post(fm::RowAppended{0, sample::step(i)});
    post(fm::Progressed{kSteps, kSteps, "steps"});
    post(fm::RowAppended{1, sample::answer(0)});
    post(fm::RowAppended{1, sample::answer(1)});
    if (end) post(fm::StateChanged{*end, ""});
    writer.close();
}

}  // namespace

class TestJsonlRun : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() { folder_ = std::make_unique<QTemporaryDir>(); }
    void readsWhatTheHdf5StoreReads();
    void wrongColumnsAreNamed();
    void summariesTellHowARunEnded();
    void damagedRunsAreSummarised();
    void resumingKeepsTheFirstRows();
    void aResumedRunIsLocked();
    void resumingRefusesWhatDoesNotFit();

private:
    std::string file(const std::string& suffix) const { return folder_->path().toStdString() + "/" + suffix; }
    std::string path() const { return file(sample::run_id + ".jsonl"); }
    std::unique_ptr<fm::JsonlWriter> writer() const { return fm::JsonlWriter::inFolder(folder_->path().toStdString()); }
    std::unique_ptr<QTemporaryDir> folder_;
};

void TestJsonlRun::readsWhatTheHdf5StoreReads() {
    writeSample(*writer(), 0, fm::RunState::Finished);
    fm::importJsonl(path(), file("run.h5"));
    const std::unique_ptr<fm::RecordedRun> hdf5 = fm::openRecordedRun(file("run.h5"));
    const fm::JsonlRun lines(path());
    for (const fm::RecordedRun* run : std::initializer_list<const fm::RecordedRun*>{hdf5.get(), &lines}) {
        QCOMPARE(run->header().run_id, sample::run_id);
        QCOMPARE(run->header().parents, sample::header().parents);
        QVERIFY(run->state() == fm::RunState::Finished);
        QCOMPARE(run->rows("steps"), kSteps);
        QCOMPARE(run->rows("samples"), 2);
        QCOMPARE(run->rows("pairs"), 0);
        QVERIFY(run->has("gates/alpha") && !run->has("gates/beta"));
        QCOMPARE(run->readNumbers("steps/index", 7, 2), (std::vector<double>{7, 8}));
        QCOMPARE(run->readNumbers("series/loss/align", kSteps - 1, 10), (std::vector<double>{1.0 / kSteps}));
        QCOMPARE(run->readNumbers("series/loss/align", kSteps, 1), std::vector<double>());
        QCOMPARE(run->readNumbers("steps/wall_ms").size(), std::size_t(kSteps));
        QCOMPARE(run->readVector("gates/alpha", 5), std::get<std::vector<float>>(sample::step(5)[3]));
        QCOMPARE(run->readTexts("eval/answer"), (std::vector<std::string>{"answer-0-\xc3\xa9", "answer-1-\xc3\xa9"}));
    }
    const fm::RunSummary summary = fm::summarizeJsonl(path()), expected = fm::summarizeRun(file("run.h5"));
    QCOMPARE(summary.spec_json, expected.spec_json);
    QCOMPARE(summary.device, expected.device);
    QCOMPARE(summary.rows, expected.rows);
    QVERIFY(summary.state == expected.state && !summary.interrupted && !expected.interrupted);
}

void TestJsonlRun::wrongColumnsAreNamed() {
    writeSample(*writer(), 0, fm::RunState::Finished);
    const fm::JsonlRun run(path());
    const auto failure = [](const auto& read) -> QString {
        try {
            read();
        } catch (const fm::FormatError& error) {
            return error.what();
        }
        return "was read";
    };
    QVERIFY(failure([&] { run.readNumbers("gates/beta", 0, 1); }).contains("gates/beta: is not recorded"));
    QVERIFY(failure([&] { run.readNumbers("gates/alpha", 0, 1); }).contains("gates/alpha: is of another type"));
    QVERIFY(failure([&] { run.readTexts("steps/index", 0, 1); }).contains("steps/index: is of another type"));
    QVERIFY(failure([&] { run.readVector("eval/answer", 0); }).contains("eval/answer: is of another type"));
}

void TestJsonlRun::summariesTellHowARunEnded() {
    const std::unique_ptr<fm::JsonlWriter> live = writer();
    sample::Poster post(*live);
    post(sample::header());
    post(fm::RowAppended{0, sample::step(0)});
    live->flush();
    fm::RunSummary summary = fm::summarizeJsonl(path());
    QVERIFY(summary.state == fm::RunState::Running && !summary.interrupted);
    QCOMPARE(summary.rows.at("steps"), 1);
    QVERIFY_EXCEPTION_THROWN(fm::JsonlWriter::resume(path(), {}), fm::WorldError);
    live->close();
    QVERIFY(fm::summarizeJsonl(path()).interrupted);
}

void TestJsonlRun::damagedRunsAreSummarised() {
    writeSample(*writer(), 0, std::nullopt);
    QFile lines(QString::fromStdString(path()));
    QVERIFY(lines.resize(lines.size() / 2 + 3));  // the middle of a line
    const fm::RunSummary torn = fm::summarizeJsonl(path());
    QVERIFY(torn.interrupted && torn.rows.at("steps") > 50 && torn.rows.at("steps") < kSteps);
    QVERIFY(lines.open(QIODevice::WriteOnly));
    lines.write("{\"seq\":0}\n");
    lines.close();
    QVERIFY_EXCEPTION_THROWN(fm::summarizeJsonl(path()), fm::FormatError);
    QVERIFY_EXCEPTION_THROWN(fm::JsonlRun{path()}, fm::FormatError);
    QVERIFY_EXCEPTION_THROWN(fm::JsonlRun{file("absent.jsonl")}, fm::WorldError);
}

void TestJsonlRun::resumingKeepsTheFirstRows() {
    writeSample(*writer(), 0, fm::RunState::Cancelled);
    writeSample(*fm::JsonlWriter::resume(path(), {{"steps", 100}, {"samples", 0}}), 100, fm::RunState::Finished);
    const fm::JsonlRun run(path());
    QVERIFY(run.state() == fm::RunState::Finished);
    QCOMPARE(run.rows("samples"), 2);
    const std::vector<double> index = run.readNumbers("steps/index", 0, -1);
    QCOMPARE(index.size(), std::size_t(kSteps));
    for (std::size_t i = 0; i < index.size(); ++i) QCOMPARE(index[i], double(i));
    QCOMPARE(fm::importJsonl(path(), file("run.h5")).torn_last_line, false);  // gap-free, as the import wants it
    QCOMPARE(fm::openRecordedRun(file("run.h5"))->rows("steps"), kSteps);
    QCOMPARE(QDir(QFileInfo(QString::fromStdString(path())).path()).entryList({"*.tmp"}, QDir::Files), QStringList());
}

void TestJsonlRun::aResumedRunIsLocked() {
    writeSample(*writer(), 0, fm::RunState::Cancelled);
    const auto resumed = fm::JsonlWriter::resume(path(), {});
    QVERIFY_EXCEPTION_THROWN(fm::JsonlWriter::resume(path(), {}), fm::WorldError);  // before the run is opened
    resumed->post({0, 0, sample::header()});
    QVERIFY_EXCEPTION_THROWN(fm::JsonlWriter::resume(path(), {}), fm::WorldError);
    QVERIFY(QFile::remove(QString::fromStdString(path())));
    QVERIFY_EXCEPTION_THROWN(resumed->close(), fm::WorldError);  // what it wrote is lost
    resumed->post({1, 0, fm::StateChanged{fm::RunState::Failed, ""}});
}

void TestJsonlRun::resumingRefusesWhatDoesNotFit() {
    writeSample(*writer(), 0, fm::RunState::Cancelled);
    QVERIFY_EXCEPTION_THROWN(fm::JsonlWriter::resume(path(), {{"pairs", 0}}), fm::FormatError);
    QVERIFY_EXCEPTION_THROWN(fm::JsonlWriter::resume(path(), {{"steps", kSteps + 1}}), fm::FormatError);
    fm::RunOpened other = sample::header();
    other.run_id = "20260314T150926Z-gates-000000";
    QVERIFY_EXCEPTION_THROWN(fm::JsonlWriter::resume(path(), {})->post({0, 0, other}), fm::WorldError);
    other = sample::header();
    other.tables[0].columns.pop_back();
    QVERIFY_EXCEPTION_THROWN(fm::JsonlWriter::resume(path(), {})->post({0, 0, other}), fm::WorldError);
    QCOMPARE(fm::JsonlRun(path()).rows("steps"), kSteps);  // the old file stays
}

QTEST_GUILESS_MAIN(TestJsonlRun)
#include "test_jsonl_run.moc"
