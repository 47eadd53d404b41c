// Command lines into words, and what waits for a window that does not keep up.
#include <QTest>

#include "widgets/client/command_words.h"
#include "widgets/client/inbox.h"

namespace fm {

class TestClientWords : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void words_data();
    void words();
    void hostOfSsh();
    void inboxThinsRowsOnly();
};

void TestClientWords::words_data() {
    QTest::addColumn<QString>("command");
    QTest::addColumn<QStringList>("words");
    const auto row = [](const QString& command, const QStringList& words) {
        QTest::newRow(command.toUtf8().constData()) << command << words;
    };
    row("ssh host flashmorph serve", {"ssh", "host", "flashmorph", "serve"});
    row("  a   b ", {"a", "b"});
    row("sh -c 'cd /tmp && exec x'", {"sh", "-c", "cd /tmp && exec x"});
    row("a \"b c\"d \"\"", {"a", "b cd", ""});
    row("a\\ b 'c\\d' \"e\\\"f\"", {"a b", "c\\d", "e\"f"});
    row("", {});
}

void TestClientWords::words() {
    QFETCH(QString, command);
    QFETCH(QStringList, words);
    QVERIFY(commandWords(command).has_value());
    QCOMPARE(*commandWords(command), words);
    QVERIFY(!commandWords("a 'b").has_value());
}

void TestClientWords::inboxThinsRowsOnly() {
    constexpr int rows = 5000;
    const std::string run = "20260314T150926Z-gates-3fa9c1";
    Inbox inbox(100);
    for (int i = 0; i < rows; ++i) {
        inbox.put(rpc::RunNotice{run, {0, 0, RowAppended{0, {1.0}}}, i, {}});
        if (i % 100 == 0) inbox.put(rpc::Response{i, nullptr, {}});
    }
    int kept = 0, answers = 0;
    std::int64_t told = 0, last = -1;
    std::deque<EngineMessage> messages;
    while (inbox.take(7, messages)) {
    }
    for (const EngineMessage& message : messages) {
        answers += std::holds_alternative<rpc::Response>(message) ? 1 : 0;
        const rpc::RunNotice* notice = std::get_if<rpc::RunNotice>(&message);
        if (!notice) continue;
        told += notice->thinned;
        if (notice->thinned > 0) continue;
        ++kept;
        QVERIFY(notice->row > last);
        last = notice->row;
    }
    QCOMPARE(answers, rows / 100);
    QCOMPARE(kept + told, std::int64_t(rows));
    QCOMPARE(last, std::int64_t(rows - 1));
    QVERIFY(kept <= 100);
    messages.clear();
    QVERIFY(!inbox.take(1, messages));
    QVERIFY(messages.empty());
}

void TestClientWords::hostOfSsh() {
    const auto host = [](const char* command) { return sshHost(commandWords(command).value()); };
    QCOMPARE(host("ssh gpu-server flashmorph serve"), QString("gpu-server"));
    QCOMPARE(host("/usr/bin/ssh -p 22 -o BatchMode=yes -C me@gpu flashmorph serve"), QString("me@gpu"));
    QCOMPARE(host("ssh -p22 -4 gpu"), QString("gpu"));
    QCOMPARE(host("ssh -F config"), QString());
    QCOMPARE(host("flashmorph serve"), QString());
}

}  // namespace fm

QTEST_GUILESS_MAIN(fm::TestClientWords)
#include "test_client_words.moc"
