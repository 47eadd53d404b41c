// What waits for a slow reader: nothing important is lost, and nobody waits for it.
#include <QElapsedTimer>
#include <QTest>
#include <thread>

#include "core/rpc/message.h"
#include "core/rpc/outbox.h"

namespace fm::rpc {

namespace {

const std::string kRun = "20260314T150926Z-gates-3fa9c1";

RunNotice row(std::int64_t index) {
    return {
        kRun, {static_cast<std::uint64_t>(index), 0, RowAppended{0, {1.0 * static_cast<double>(index)}}}, index, {}};
}

std::vector<Json> drain(Outbox& outbox) {
    outbox.close();
    std::vector<Json> lines;
    while (const std::optional<std::string> line = outbox.take()) lines.push_back(Json::parse(*line));
    return lines;
}

}  // namespace

class TestOutbox : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void orderIsKept();
    void rowsThinOutAndStatesStay();
    void onlyTheNewestProgressWaits();
    void theProducerNeverWaits();
    void whoAsksMustRead();
    void atTheEndNobodyWaits();
    void afterCloseNothingIsTaken();
};

void TestOutbox::orderIsKept() {
    Outbox outbox;
    outbox.push(resultLine(1, "a"));
    outbox.push(row(0));
    outbox.push(row(1));
    outbox.push(resultLine(2, "b"));
    const std::vector<Json> lines = drain(outbox);
    QCOMPARE(lines.size(), std::size_t(4));
    QCOMPARE(lines[0]["id"].get<int>(), 1);
    QCOMPARE(lines[1]["params"]["row"].get<int>(), 0);
    QCOMPARE(lines[2]["method"].get<std::string>(), std::string("event"));
    QCOMPARE(lines[3]["id"].get<int>(), 2);
    QCOMPARE(outbox.droppedRows(), std::int64_t(0));
}

void TestOutbox::rowsThinOutAndStatesStay() {
    constexpr int rows = 1000;
    Outbox outbox(64);
    int states = 0;
    for (int i = 0; i < rows; ++i) {
        outbox.push(row(i));
        if (i % 10 != 0) continue;
        ++states;
        outbox.push({kRun, {0, 0, StateChanged{RunState::Paused, {}}}});
        outbox.push({kRun, {0, 0, Logged{Severity::Warning, "[a] careful"}}});
        outbox.push(resultLine(i, nullptr));
    }
    int kept_rows = 0, kept_states = 0, warnings = 0, answers = 0, told = 0;
    std::int64_t last = -1;
    for (const Json& line : drain(outbox)) {
        if (line.contains("id")) {
            ++answers;
            continue;
        }
        const std::string type = line["params"]["type"].get<std::string>();
        kept_states += type == "state_changed";
        warnings += type == "logged";
        if (type == "thinned") told += line["params"]["body"]["dropped"].get<int>();
        if (type != "row_appended") continue;
        ++kept_rows;
        QVERIFY(line["params"]["row"].get<std::int64_t>() > last);  // what is left is in order
        last = line["params"]["row"].get<std::int64_t>();
    }
    QCOMPARE(kept_states, states);
    QCOMPARE(warnings, states);
    QCOMPARE(answers, states);
    QVERIFY(kept_rows <= 64 && kept_rows >= 32);
    QCOMPARE(last, std::int64_t(rows - 1));  // the newest row is never the one that goes
    QCOMPARE(kept_rows + told, rows);
    QCOMPARE(std::int64_t(told), outbox.droppedRows());
}

void TestOutbox::onlyTheNewestProgressWaits() {
    Outbox outbox;
    for (int i = 0; i < 50; ++i) outbox.push({kRun, {0, 0, Progressed{i, 50, "steps", 0, -1}}});
    outbox.push({"20260314T150926Z-align-3fa9c1", {0, 0, Progressed{7, 9, "steps", 0, -1}}});
    const std::vector<Json> lines = drain(outbox);
    QCOMPARE(lines.size(), std::size_t(2));
    QCOMPARE(lines[0]["params"]["body"]["done"].get<int>(), 49);
    QCOMPARE(lines[1]["params"]["body"]["done"].get<int>(), 7);
}

// Nobody takes anything: a million rows still go in at once.
void TestOutbox::theProducerNeverWaits() {
    Outbox outbox;
    QElapsedTimer timer;
    timer.start();
    constexpr int rows = 200000;
    for (int i = 0; i < rows; ++i) outbox.push(row(i));
    QVERIFY2(timer.elapsed() < 5000, std::to_string(timer.elapsed()).c_str());
    QVERIFY(outbox.droppedRows() > rows - 5000);
}

void TestOutbox::whoAsksMustRead() {
    Outbox outbox(16, 100);
    outbox.waitForRoom();  // there is room
    outbox.push(std::string(200, 'x'));
    std::atomic<bool> passed{false};
    std::thread reader([&] {
        outbox.waitForRoom();
        passed = true;
    });
    QTest::qWait(50);
    QVERIFY(!passed);
    QVERIFY(outbox.take().has_value());
    reader.join();
    QVERIFY(passed);
}

void TestOutbox::atTheEndNobodyWaits() {
    Outbox outbox(16, 100);
    outbox.push(std::string(200, 'x'));
    std::thread reader([&] { outbox.waitForRoom(); });
    outbox.stopWaiting();
    reader.join();
    outbox.waitForRoom();
    QCOMPARE(outbox.take().value().size(), std::size_t(200));  // and nothing is lost
}

void TestOutbox::afterCloseNothingIsTaken() {
    Outbox outbox;
    std::thread writer([&outbox] {
        while (outbox.take()) {
        }
    });
    outbox.push(row(0));
    outbox.close();
    writer.join();
    outbox.push(row(1));
    QVERIFY(!outbox.take().has_value());
}

}  // namespace fm::rpc

QTEST_GUILESS_MAIN(fm::rpc::TestOutbox)
#include "test_outbox.moc"
