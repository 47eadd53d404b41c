// Where the generators say that needles stand, against what a search in the prompt's text finds.
#include <QRegularExpression>
#include <QTest>

#include "core/data/needle_text.h"
#include "tests/data/data_fixture.h"

using namespace fm;

namespace {

const char* const kOrdinals[] = {"first", "second", "third"};

// " river is alpha bravo charlie delta": the words behind `key`, wherever it is told.
QString toldOf(const QString& text, const QString& key) {
    const QRegularExpression form(" " + key + " is ((?:\\w+ ){3}\\w+)\\.");
    return form.match(text).captured(1);
}

QString matchOf(const QString& text, const QString& pattern) {
    return QRegularExpression(pattern).match(text).captured(1);
}

// Statements that the question `asked` rests on, in any order.
QStringList wordStatements(const QString& task, const QString& context, const QString& asked, const QString& answer) {
    if (task == "copy") return {"copy: " + answer + "."};
    if (task.startsWith("pair")) {
        QStringList statements;
        for (const QString& key : asked.split(" and ")) statements << key + " is " + toldOf(context, key) + ".";
        return statements;
    }
    if (task.startsWith("far")) {
        const QString number = matchOf(context, " " + asked + " has number (\\w+)\\.");
        return {asked + " has number " + number + ".", "number " + number + " is " + answer + "."};
    }
    QStringList statements;
    QString key = asked;
    for (int hop = 0; task.contains("hop") && hop < (task.contains("hop3") ? 2 : 1); ++hop) {
        const QString next = matchOf(context, " " + key + " is the same as (\\w+)\\.");
        statements << key + " is the same as " + next + ".";
        key = next;
    }
    return statements << key + " is " + answer + ".";
}

QStringList statementsOf(const QString& task, const QString& prompt, int index, const QString& answer) {
    if (task == "simple_passkey") return {"The pass key is %1. Remember it. %1 is the pass key."};
    if (task.startsWith("passkey")) {
        const QString begin = task.endsWith("_duo") ? "Remeber this sequence of words, it's the %1"
                                                    : "Remember this sequence of words, it is the %1";
        return {begin.arg(kOrdinals[index]) + " passkey to the vault: " + answer};
    }
    if (task.startsWith("niah"))
        return {matchOf(prompt, "(One of the special magic \\w+ for \\S+ is: " + answer + "\\.)")};
    const qsizetype question = prompt.lastIndexOf('\n');
    const QString asked = matchOf(prompt.mid(question), "(?:what is| and) (.+)\\?$");
    return wordStatements(task, prompt.left(question), asked, answer);
}

}  // namespace

class TestNeedleText : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aSearchFindsThemThere_data() {
        QTest::addColumn<QString>("task");
        QTest::addColumn<int>("tokens");
        for (const char* task :
             {"single", "mk8", "hop4", "hop3_4", "ahop4", "ahop3_4", "pair4", "far4", "bind8", "copy"})
            QTest::newRow(task) << task << 600;
        QTest::newRow("passkey3x4") << "passkey3x4" << 900;
        QTest::newRow("passkey3x4_duo") << "passkey3x4_duo" << 900;
        QTest::newRow("simple_passkey") << "simple_passkey" << 900;
        for (const char* task : {"niah_single_1", "niah_single_2", "niah_single_3", "niah_multikey_1",
                                 "niah_multikey_2", "niah_multikey_3", "niah_multivalue", "niah_multiquery"})
            QTest::newRow(task) << task << 2000;
    }

    void aSearchFindsThemThere() {
        QFETCH(QString, task);
        QFETCH(int, tokens);
        for (TaskResources resources : {smollm_, qwen2_}) {
            for (const char* chat : {"", "chatml"}) {
                resources.chat_family = chat;
                const std::unique_ptr<Task> made = makeTask(task.toStdString(), resources);
                for (int seed = 0; seed < 6; ++seed) compare(made->make(seed, tokens), *resources.tokenizer);
            }
        }
    }

private:
    const TaskResources smollm_ = test::resources("smollm"), qwen2_ = test::resources("qwen2");

    static void compare(const Sample& sample, const Tokenizer& tokenizer) {
        for (std::size_t i = 0; i < sample.answers.size(); ++i) {
            const Answer& answer = sample.answers[i];
            const QString prompt = QString::fromStdString(tokenizer.decode(test::slice(sample, 0, answer.begin)));
            const QString text = QString::fromStdString(answer.text);
            QStringList expected = statementsOf(QString::fromStdString(sample.task), prompt, static_cast<int>(i), text);
            expected.replaceInStrings("%1", text);
            const QList<uint> characters = prompt.toUcs4();
            QStringList given;
            std::int64_t last = -1;
            for (const CharacterRange& range : needleCharacters(sample, answer, tokenizer)) {
                QVERIFY(range.begin > last && range.end > range.begin && range.end <= characters.size());
                last = range.end;
                const QList<uint> part = characters.mid(range.begin, range.end - range.begin);
                given << QString::fromUcs4(reinterpret_cast<const char32_t*>(part.data()), part.size());
                QCOMPARE(prompt.count(given.last()), 1);  // so that its text says where it stands
            }
            expected.sort();
            given.sort();
            QCOMPARE(given, expected);
        }
    }
};

QTEST_MAIN(TestNeedleText)
#include "test_needle_text.moc"
