// A run that happens elsewhere becomes the same run file here, whatever rows get lost on the way.
#include <QTemporaryDir>
#include <QTest>
#include <random>

#include "core/base/error.h"
#include "core/store/run_mirror.h"
#include "core/store/run_reader.h"
#include "tests/store/sample_run.h"

namespace fm {

namespace {

constexpr std::int64_t kSteps = 400;

struct Asked {
    std::string table;
    std::int64_t first = 0, count = 0;
};

std::vector<Row> rowsOf(const std::string& table, std::int64_t first, std::int64_t count) {
    std::vector<Row> rows;
    for (std::int64_t i = first; i < first + count; ++i)
        rows.push_back(table == "steps" ? sample::step(i) : sample::answer(i));
    return rows;
}

void checkFile(const std::string& path, std::int64_t steps, std::int64_t answers) {
    const RunReader reader(path);
    QCOMPARE(reader.state(), RunState::Finished);
    QCOMPARE(reader.rows(0), steps);
    QCOMPARE(reader.rows(1), answers);
    const std::vector<std::int64_t> index = reader.readIntegers("steps/index");
    const FloatMatrix alpha = reader.readVectors("gates/alpha");
    for (std::int64_t i = 0; i < steps; ++i) {
        QCOMPARE(index[static_cast<std::size_t>(i)], i);
        QCOMPARE(alpha.values[static_cast<std::size_t>(i) * sample::num_layers],
                 std::get<std::vector<float>>(sample::step(i)[3])[0]);
    }
    const std::vector<std::string> texts = reader.readTexts("eval/answer");
    for (std::int64_t i = 0; i < answers; ++i)
        QCOMPARE(texts[static_cast<std::size_t>(i)], std::get<std::string>(sample::answer(i)[1]));
}

RunEvent row(int table, std::int64_t index) {
    return {0, 0, RowAppended{table, table == 0 ? sample::step(index) : sample::answer(index)}};
}

const RunEvent kEnd{9, 99, StateChanged{RunState::Finished, "all done"}};

Row state(std::int64_t seq, const char* word, const char* text = "") {
    return {seq, 10.0 * double(seq), std::string(word), std::string(text)};
}

}  // namespace

class TestRunMirror : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    std::vector<Asked> asked_;
    std::vector<Row> log_, states_;  // as the file at the other side has them
    std::string folder() const { return folder_.path().toStdString(); }
    RunMirror mirror() {
        asked_.clear();
        log_.clear();
        states_.clear();
        return {folder(), [this](const std::string& table, std::int64_t first, std::int64_t count) {
                    asked_.push_back({table, first, count});
                }};
    }
    // Answers everything that is asked for, at most `portion` rows at a time.
    void answerAll(RunMirror& mirror, std::int64_t portion) {
        while (!asked_.empty()) {
            const Asked a = asked_.front();
            asked_.erase(asked_.begin());
            if (a.table.starts_with("events_")) {
                const std::vector<Row>& all = a.table == "events_log" ? log_ : states_;
                const auto begin = all.begin() + std::min<std::int64_t>(a.first, std::int64_t(all.size()));
                const auto end = begin + std::min<std::int64_t>({a.count, portion, all.end() - begin});
                mirror.fetched(a.table, a.first, {begin, end}, std::int64_t(all.size()));
            } else {
                const std::int64_t count = std::min(a.count, portion);
                mirror.fetched(a.table, a.first, rowsOf(a.table, a.first, count), a.first + count);
            }
        }
    }
    void end(RunMirror& mirror, std::int64_t portion = 1000) {
        states_.push_back(state(9, "finished", "all done"));
        mirror.take(kEnd, -1);
        answerAll(mirror, portion);
    }

private Q_SLOTS:
    void init() { QFile::remove(QString::fromStdString(folder() + "/" + sample::run_id + ".h5")); }
    void everyRowArrives();
    void lostRowsAreFetched_data();
    void lostRowsAreFetched();
    void aResumedRunLosesWhatWasCut();
    void theEndWaitsForTheRows();
    void logAndStatesAreThoseOfTheOtherSide();
    void anInterruptedRunStaysInterrupted();
    void aDamagedCopyIsMadeAgain();
    void hostileNamesAndRowsAreRefused();
};

void TestRunMirror::everyRowArrives() {
    RunMirror mirror = this->mirror();
    mirror.open(sample::header(), {});
    for (std::int64_t i = 0; i < kSteps; ++i) mirror.take(row(0, i), i);
    mirror.take(row(1, 0), 0);
    QVERIFY(asked_.empty());
    end(mirror);
    QVERIFY(mirror.complete() && asked_.empty());
    checkFile(mirror.path(), kSteps, 1);
    mirror.take(kEnd, -1);  // what comes after the end is passed over
}

void TestRunMirror::lostRowsAreFetched_data() {
    QTest::addColumn<double>("lost");
    QTest::addColumn<int>("portion");
    QTest::addColumn<int>("answer_every");  // rows between a question and its answer
    QTest::newRow("few") << 0.02 << 1000 << 5;
    QTest::newRow("half, small portions") << 0.5 << 3 << 1;
    QTest::newRow("nearly all, late") << 0.95 << 50 << 100;
}

void TestRunMirror::lostRowsAreFetched() {
    QFETCH(double, lost);
    QFETCH(int, portion);
    QFETCH(int, answer_every);
    std::mt19937 random(3);
    std::uniform_real_distribution<double> uniform;
    RunMirror mirror = this->mirror();
    mirror.open(sample::header(), {0, 0});
    for (std::int64_t i = 0; i < kSteps; ++i) {
        const bool newest = i + 1 == kSteps;  // the outbox never drops it
        if (newest || uniform(random) >= lost) mirror.take(row(0, i), i);
        if (newest || uniform(random) >= lost) mirror.take(row(1, i), i);
        if (i % answer_every == 0) answerAll(mirror, portion);
    }
    end(mirror, portion);
    QVERIFY(mirror.complete());
    checkFile(mirror.path(), kSteps, kSteps);
}

// Here 60 rows were written before the other side resumed from row 50; here 30 were lost on the way.
void TestRunMirror::aResumedRunLosesWhatWasCut() {
    {
        RunMirror first = this->mirror();
        first.open(sample::header(), {});
        for (std::int64_t i = 0; i < 60; ++i) first.take(row(0, i), i);
    }
    RunMirror again = this->mirror();
    again.open(sample::header(), {50, 30});
    QCOMPARE(again.rows(0), std::int64_t(50));
    QCOMPARE(asked_.size(), std::size_t(1));  // the second table has nothing here
    for (std::int64_t i = 50; i < 80; ++i) again.take(row(0, i), i);
    again.take(row(1, 30), 30);
    end(again, 7);
    QVERIFY(again.complete());
    checkFile(again.path(), 80, 31);
}

void TestRunMirror::theEndWaitsForTheRows() {
    RunMirror mirror = this->mirror();
    mirror.open(sample::header(), {});
    mirror.take(row(0, 9), 9);
    states_.push_back(state(9, "finished", "all done"));
    mirror.take(kEnd, -1);
    QVERIFY(!mirror.complete());
    QVERIFY(std::none_of(asked_.begin(), asked_.end(), [](const Asked& a) { return a.table == "events_state"; }));
    mirror.fetchFailed("steps");
    mirror.fetchFailed("events_log");
    asked_.clear();
    mirror.askAgain();
    answerAll(mirror, 100);
    QVERIFY(mirror.complete());
    checkFile(mirror.path(), 10, 0);
}

// What the engine said and then lost with its last second is not in its file, and not here either.
void TestRunMirror::logAndStatesAreThoseOfTheOtherSide() {
    const std::string long_text(1500, 'x');
    RunMirror mirror = this->mirror();
    mirror.open(sample::header(), {});
    log_ = {state(3, "info", "[gates] hello"), state(4, "warning", long_text.c_str())};
    mirror.take({3, 30, Logged{Severity::Info, "[gates] hello"}}, -1);
    mirror.take({4, 40, Logged{Severity::Warning, long_text}}, -1);
    mirror.take({5, 50, Logged{Severity::Info, "[gates] never stored"}}, -1);
    states_ = {state(6, "paused"), state(7, "running")};
    mirror.take({6, 60, StateChanged{RunState::Paused, {}}}, -1);
    answerAll(mirror, 1);
    end(mirror, 1);
    QVERIFY(mirror.complete());
    const RunReader reader(mirror.path());
    const std::vector<LogLine> log = reader.readLog();
    QCOMPARE(log.size(), std::size_t(2));
    QCOMPARE(log[1].text, long_text);
    QCOMPARE(log[1].seq, std::uint64_t(4));
    QCOMPARE(log[1].wall_ms, 40.0);
    const std::vector<StateLine> states = reader.readStates();
    QCOMPARE(states.size(), std::size_t(3));
    QCOMPARE(states[0].state, RunState::Paused);
    QCOMPARE(states[2].text, std::string("all done"));
    QCOMPARE(reader.state(), RunState::Finished);
}

void TestRunMirror::anInterruptedRunStaysInterrupted() {
    RunMirror mirror = this->mirror();
    mirror.open(sample::header(), {20, 3});
    states_ = {state(1, "paused")};
    mirror.learn({20, 3}, true);
    answerAll(mirror, 7);
    QVERIFY(mirror.complete());
    const RunReader reader(mirror.path());
    QVERIFY(reader.interrupted());
    QCOMPARE(reader.state(), RunState::Paused);
    QCOMPARE(reader.rows(0), std::int64_t(20));
    QCOMPARE(reader.rows(1), std::int64_t(3));
}

void TestRunMirror::aDamagedCopyIsMadeAgain() {
    QFile file(QString::fromStdString(folder() + "/" + sample::run_id + ".h5"));
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write("nothing") == 7);
    file.close();
    RunMirror mirror = this->mirror();
    mirror.open(sample::header(), {5, 0});
    end(mirror);
    QVERIFY(mirror.complete());
    checkFile(mirror.path(), 5, 0);
}

void TestRunMirror::hostileNamesAndRowsAreRefused() {
    RunMirror mirror = this->mirror();
    RunOpened header = sample::header();
    header.run_id = "../../escaped";
    QVERIFY_EXCEPTION_THROWN(mirror.open(header, {}), FormatError);
    mirror.open(sample::header(), {5, 0});
    QVERIFY_EXCEPTION_THROWN(mirror.fetched("no such table", 0, {}, 0), FormatError);
    QVERIFY_EXCEPTION_THROWN(mirror.fetched("steps", 0, {Row{1.0}}, 1), FormatError);
}

}  // namespace fm

QTEST_GUILESS_MAIN(fm::TestRunMirror)
#include "test_run_mirror.moc"
