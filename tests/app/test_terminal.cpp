// What a running job shows on standard error.
#include <QTest>
#include <cstdio>
#include <memory>

#include "app/cli/terminal_sink.h"

namespace fm::cli {

namespace {

// Everything that a sink of these settings writes for `events`.
QByteArray shown(bool rewrite, bool quiet, const std::vector<EventBody>& events) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::tmpfile(), &std::fclose);
    {
        TerminalSink sink(stream.get(), rewrite, quiet);
        for (std::size_t i = 0; i < events.size(); ++i) sink.post({i, 0, events[i]});
    }
    QByteArray text(std::ftell(stream.get()), '\0');
    std::rewind(stream.get());
    if (std::fread(text.data(), 1, static_cast<std::size_t>(text.size()), stream.get()) !=
        static_cast<std::size_t>(text.size())) {
        return "unreadable";
    }
    return text;
}

RunOpened opened() {
    RunOpened header;
    header.run_id = "20260314T150926Z-gates-3fa9c1";
    header.job = "gates";
    header.device = "cpu avx2, 2 threads";
    return header;
}

std::vector<EventBody> manySteps() {
    std::vector<EventBody> events = {opened()};
    for (std::int64_t step = 0; step <= 100; ++step) events.emplace_back(Progressed{step, 100, "steps", 1234, 61});
    return events;
}

}  // namespace

class TestTerminal : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void progressReadsLikeASentence();
    void durations();
    void plainLinesAreFew();
    void terminalLineIsRewritten();
    void remarksDoNotMixWithTheLine();
    void quietKeepsWarnings();
};

void TestTerminal::progressReadsLikeASentence() {
    QCOMPARE(formatProgress("gates", {120, 500, "steps", 3400, 110}),
             std::string("gates  120/500 steps  24 %  3400 tokens/s  1 min 50 s left"));
    QCOMPARE(formatProgress("gates", {120, 500, "steps", 3400, 110, 3LL << 29, 31LL << 30}),
             std::string("gates  120/500 steps  24 %  3400 tokens/s  1.5 GiB  1 min 50 s left"));
    QCOMPARE(formatProgress("gates", {0, 500, "steps", 0, -1}), std::string("gates  0/500 steps  0 %"));
    QCOMPARE(formatProgress("gates", {500, 500, "steps", 0, 0}), std::string("gates  500/500 steps  100 %"));
    QCOMPARE(formatProgress("gates", {499, 500, "steps", 0, -1}), std::string("gates  499/500 steps  99 %"));
}

void TestTerminal::durations() {
    QCOMPARE(formatDuration(0.4), std::string("0 s"));
    QCOMPARE(formatDuration(59.6), std::string("1 min 0 s"));
    QCOMPARE(formatDuration(3599), std::string("59 min 59 s"));
    QCOMPARE(formatDuration(7260), std::string("2 h 1 min"));
    QCOMPARE(formatDuration(-3), std::string("0 s"));
}

void TestTerminal::plainLinesAreFew() {
    const QByteArray text = shown(false, false, manySteps());
    QVERIFY2(!text.contains('\r') && !text.contains('\033'), text.constData());
    const QList<QByteArray> lines = text.trimmed().split('\n');
    QCOMPARE(lines.size(), 3);  // the run, the first step at once, the last
    QVERIFY(lines[0].contains("20260314T150926Z-gates-3fa9c1") && lines[0].contains("cpu avx2"));
    QVERIFY(lines[1].startsWith("gates  0/100 steps"));
    QVERIFY(lines[2].startsWith("gates  100/100 steps  100 %"));
}

void TestTerminal::terminalLineIsRewritten() {
    const QByteArray text = shown(true, false, manySteps());
    QVERIFY(text.contains("\r\033[Kgates  100/100"));
    QVERIFY(text.endsWith("\n"));
}

void TestTerminal::remarksDoNotMixWithTheLine() {
    const QByteArray text =
        shown(true, false,
              {opened(), Progressed{1, 9, "steps", 0, -1}, Logged{Severity::Warning, "[gates] the gates do not move"}});
    QVERIFY2(text.endsWith("gates  1/9 steps  11 %\r\033[Kwarning: [gates] the gates do not move\n"), text.constData());
    const QByteArray stopped = shown(true, false, {opened(), Progressed{1, 9, "steps", 0, -1}});
    QVERIFY(stopped.endsWith("11 %\n"));  // the shell's prompt starts on its own line
}

void TestTerminal::quietKeepsWarnings() {
    std::vector<EventBody> events = manySteps();
    events.emplace_back(Logged{Severity::Info, "[gates] a remark"});
    events.emplace_back(Logged{Severity::Warning, "[gates] careful"});
    events.emplace_back(Logged{Severity::Error, "[gates] broken"});
    QCOMPARE(shown(false, true, events), QByteArray("warning: [gates] careful\nerror: [gates] broken\n"));
}

}  // namespace fm::cli

QTEST_GUILESS_MAIN(fm::cli::TestTerminal)
#include "test_terminal.moc"
