// The passkey tasks against their strings in the method's description, written out here by hand.
#include <QRegularExpression>
#include <QTest>

#include "core/base/error.h"
#include "core/data/sample_check.h"
#include "core/data/word_lists.h"
#include "tests/data/data_fixture.h"

using namespace fm;

namespace {

const QStringList kOrdinals = {"first", "second",  "third",  "fourth", "fifth",
                               "sixth", "seventh", "eighth", "ninth",  "tenth"};

std::int32_t minimumOf(const Task& task) {
    try {
        task.make(0, 16);
    } catch (const InputError& error) {
        static const QRegularExpression form(QStringLiteral("at least (\\d+) tokens"));
        return form.match(QString::fromStdString(error.problems().at(0).allowed)).captured(1).toInt();
    }
    return 0;
}

}  // namespace

class TestPasskey : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void textIsTheMethods_data();
    void textIsTheMethods();
    void otherNamesAreRefused();
    void depthsAreSortedAndOnTheGrid();
    void onlyPasskeyWordsAreLabelled();
    void tokensAreThoseOfTheWholeText_data();
    void tokensAreThoseOfTheWholeText();
    void fillsButNeverExceedsTheLength();
    void shortestLengthIsNamed();
    void depthReplacesTheNearest();
    void chatTurnsStandAroundTheBook();
    void simplePasskeyIsTheClassicText();
    void simplePasskeyDepthAndLength();

private:
    const TaskResources smollm_ = test::resources("smollm");
    const TaskResources qwen2_ = test::resources("qwen2");
};

void TestPasskey::textIsTheMethods_data() {
    QTest::addColumn<QString>("task");
    QTest::addColumn<int>("keys");
    QTest::addColumn<int>("words");
    QTest::addColumn<QString>("opening");
    const QString printed = "Remember this sequence of words, it is the",
                  duo = "Remeber this sequence of words, it's the";
    QTest::newRow("passkey") << "passkey" << 10 << 32 << printed;
    QTest::newRow("passkey4x8") << "passkey4x8" << 4 << 8 << printed;
    QTest::newRow("passkey_duo") << "passkey_duo" << 10 << 32 << duo;
    QTest::newRow("passkey3x5_duo") << "passkey3x5_duo" << 3 << 5 << duo;
}

// Without the needles the context is a piece of the book; the questions repeat the needles' words in order.
void TestPasskey::textIsTheMethods() {
    QFETCH(QString, task);
    QFETCH(int, keys);
    QFETCH(int, words);
    QFETCH(QString, opening);
    const Sample sample = makeTask(task.toStdString(), smollm_)->make(7, 2600);
    QString text = QString::fromStdString(smollm_.tokenizer->decode(sample.ids));
    QCOMPARE(sample.answers.size(), static_cast<std::size_t>(keys));
    QString tail;
    for (int i = 0; i < keys; ++i) {
        const QString passkey = QString::fromStdString(sample.answers[static_cast<std::size_t>(i)].text);
        QCOMPARE(passkey.split(' ').size(), words);
        for (const QString& word : passkey.split(' '))
            QVERIFY(std::find(natoWords().begin(), natoWords().end(), word.toStdString()) != natoWords().end());
        const QString needle = QString("\n\n%1 %2 passkey to the vault: %3\n\n").arg(opening, kOrdinals[i], passkey);
        QCOMPARE(text.count(needle), 1);
        text.remove(needle);
        tail += QString("Based on the content of the book, what is the %1 passkey to the vault?\nPasskey: %2\n\n")
                    .arg(kOrdinals[i], passkey);
    }
    QVERIFY(text.startsWith(QStringLiteral("<|im_start|> This is a very long story book: <book> ")));
    QVERIFY(text.endsWith(" </book>.\n\n" + tail));
    const qsizetype begin = text.indexOf(QStringLiteral("<book> ")) + 7;
    const QString book = text.mid(begin, text.indexOf(QStringLiteral(" </book>")) - begin);
    const std::vector<TokenId> twice = smollm_.corpus->window(
        TextCorpus::Part::Train, 0, static_cast<std::int32_t>(3 * smollm_.corpus->numTokens(TextCorpus::Part::Train)));
    QString source = QString::fromStdString(smollm_.tokenizer->decode(twice));
    source.replace(QStringLiteral("<|endoftext|>"), QStringLiteral("\n"));
    const QStringList expected = book.simplified().split(' ');
    QVERIFY(expected.size() > 20);
    QVERIFY2(source.simplified().contains(expected.mid(0, 100).join(' ')), qPrintable(book));
}

void TestPasskey::otherNamesAreRefused() {
    for (const char* name : {"passkey_", "passkey_duo_duo", "passkey_duo4x8", "passkey4x8_Duo", "passkey4", "passkey4x",
                             "passkey11x8", "passkey0x8", "passkey4x65_duo", "passkeyx8", "_duo"})
        QVERIFY_THROWS_EXCEPTION(InputError, makeTask(name, smollm_));
}

void TestPasskey::depthsAreSortedAndOnTheGrid() {
    const std::unique_ptr<Task> task = makeTask("passkey10x2", smollm_);
    double lowest = 1, highest = 0;
    for (int seed = 0; seed < 60; ++seed) {
        const Sample sample = task->make(seed, 1200);
        double last = 0;
        std::int32_t last_place = -1;
        for (const Answer& answer : sample.answers) {
            QVERIFY(answer.depth > last);  // sorted and distinct
            QVERIFY(answer.needle_begin > last_place);
            const double step = (answer.depth - 0.05) / 0.9 * 999;
            QVERIFY(qAbs(step - qRound(step)) < 1e-6);
            last = answer.depth;
            last_place = answer.needle_begin;
        }
        lowest = qMin(lowest, sample.answers.front().depth);
        highest = qMax(highest, sample.answers.back().depth);
    }
    QVERIFY(lowest >= 0.05 && lowest < 0.07);
    QVERIFY(highest <= 0.95 && highest > 0.93);
}

void TestPasskey::onlyPasskeyWordsAreLabelled() {
    const std::unique_ptr<Task> task = makeTask("passkey", qwen2_);
    const Sample sample = task->make(1, 2600);
    QVERIFY2(checkSample(sample, *qwen2_.tokenizer).empty(), checkSample(sample, *qwen2_.tokenizer).c_str());
    std::size_t words = 0;
    for (const Answer& answer : sample.answers) {
        words += qwen2_.tokenizer->encodeOrdinary(" " + answer.text).size();
        const std::vector<TokenId> before = test::slice(sample, answer.begin - 8, answer.begin);
        QVERIFY(qwen2_.tokenizer->decode(before).ends_with("\nPasskey:"));
        QVERIFY(qwen2_.tokenizer->decode({sample.ids[static_cast<std::size_t>(answer.needle_begin)]}).find("R") !=
                std::string::npos);  // "Remember ..."
    }
    QCOMPARE(static_cast<std::size_t>(test::answerTokens(sample)), words);
}

void TestPasskey::tokensAreThoseOfTheWholeText_data() {
    QTest::addColumn<QString>("splitter");
    QTest::addColumn<QString>("task");
    for (const char* splitter : {"smollm", "qwen2"})
        for (const char* task : {"passkey", "passkey4x8", "simple_passkey"})
            QTest::addRow("%s %s", splitter, task) << splitter << task;
}

void TestPasskey::tokensAreThoseOfTheWholeText() {
    QFETCH(QString, splitter);
    QFETCH(QString, task);
    TaskResources resources = splitter == QLatin1String("smollm") ? smollm_ : qwen2_;
    for (const char* family : {"", "chatml"}) {
        resources.chat_family = family;
        const std::unique_ptr<Task> made = makeTask(task.toStdString(), resources);
        for (int seed = 0; seed < 5; ++seed) {
            const Sample sample = made->make(seed, 2700);
            QCOMPARE(resources.tokenizer->encode(resources.tokenizer->decode(sample.ids)), sample.ids);
        }
    }
}

void TestPasskey::fillsButNeverExceedsTheLength() {
    const std::unique_ptr<Task> task = makeTask("passkey4x8", smollm_);
    for (std::int32_t tokens : {500, 777, 1024, 4096}) {
        for (int seed = 0; seed < 10; ++seed) {
            const auto size = static_cast<std::int32_t>(task->make(seed, tokens).ids.size());
            QVERIFY(size <= tokens);
            QVERIFY2(size >= tokens - 24, qPrintable(QString::number(tokens - size)));
        }
    }
}

void TestPasskey::shortestLengthIsNamed() {
    for (const char* name : {"passkey", "passkey4x8", "simple_passkey"}) {
        const std::unique_ptr<Task> task = makeTask(name, smollm_);
        const std::int32_t minimum = minimumOf(*task);
        QVERIFY(minimum > 100);
        QVERIFY_THROWS_EXCEPTION(InputError, task->make(1, minimum - 1));
        for (int seed = 0; seed < 40; ++seed) {
            const Sample sample = task->make(seed, minimum);
            QVERIFY2(checkSample(sample, *smollm_.tokenizer).empty(), checkSample(sample, *smollm_.tokenizer).c_str());
        }
    }
}

void TestPasskey::depthReplacesTheNearest() {
    const Sample drawn = makeTask("passkey4x8", smollm_)->make(3, 1500);
    const Sample fixed = makeTask("passkey4x8", smollm_)->make(3, 1500, 0.5);
    int same = 0, half = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        same += fixed.answers[i].depth == drawn.answers[i].depth;
        half += fixed.answers[i].depth == 0.5;
    }
    QCOMPARE(same, 3);
    QCOMPARE(half, 1);
    QCOMPARE(fixed.answers[static_cast<std::size_t>(fixed.placed)].depth, 0.5);
    QCOMPARE(fixed.questions[static_cast<std::size_t>(fixed.placed)].depth, 0.5);
    for (std::size_t i = 0; i < 4; ++i) QCOMPARE(fixed.questions[i].new_tokens, fixed.answers[i].length + 16);
    QVERIFY(fixed.one_line);
}

void TestPasskey::chatTurnsStandAroundTheBook() {
    TaskResources chat = smollm_;
    chat.chat_family = "chatml";
    const Sample sample = makeTask("passkey4x8", chat)->make(2, 1000);
    const QString text = QString::fromStdString(chat.tokenizer->decode(sample.ids));
    QVERIFY(text.startsWith(QStringLiteral("<|im_start|>user\nThis is a very long story book: <book> ")));
    QCOMPARE(text.count(QStringLiteral("what is the first passkey to the vault?<|im_end|>\n<|im_start|>assistant\n")),
             1);
    QCOMPARE(text.count(QStringLiteral("<|im_start|>")), 2);
    QCOMPARE(text.count(QStringLiteral("what is the second passkey to the vault?\nPasskey: ")), 1);
    QVERIFY(checkSample(sample, *chat.tokenizer).empty());
}

void TestPasskey::simplePasskeyIsTheClassicText() {
    const Sample sample = makeTask("simple_passkey", smollm_)->make(4, 800);
    const QString number = QString::fromStdString(sample.answers[0].text);
    static const QRegularExpression digits(QStringLiteral("^[1-9]\\d{4}$"));
    QVERIFY(digits.match(number).hasMatch());
    const QString noise =
        QStringLiteral("The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again.");
    const QString prompt = test::promptText(sample, *smollm_.tokenizer);
    const auto lines = prompt.count(noise);
    const auto before = qRound(sample.answers[0].depth * static_cast<double>(lines));
    const QString expected =
        QString(
            "There is an important info hidden inside a lot of irrelevant text. Find it and memorize "
            "them. I will quiz you about the important information there.\n%1\nThe pass key is %2. "
            "Remember it. %2 is the pass key.\n%3\nWhat is the pass key? The pass key is")
            .arg(QStringList(before, noise).join(' '), number, QStringList(lines - before, noise).join(' '));
    QCOMPARE(prompt, expected);
    QCOMPARE(sample.answers.size(), std::size_t{1});
}

void TestPasskey::simplePasskeyDepthAndLength() {
    const std::unique_ptr<Task> task = makeTask("simple_passkey", smollm_);
    const auto line = static_cast<std::int32_t>(
        smollm_.tokenizer
            ->encodeOrdinary(
                " The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again.")
            .size());
    for (std::int32_t tokens : {300, 1024, 2048}) {
        const Sample sample = task->make(1, tokens, 0.5);
        QVERIFY(qAbs(sample.answers[0].depth - 0.5) < 0.1);
        const std::int32_t used = sample.answers[0].begin + sample.answer_budget;
        QVERIFY(used <= tokens && used > tokens - line - 6);
        QCOMPARE(sample.questions.at(0).new_tokens, 16);
    }
    QCOMPARE(task->make(1, 600, 1.0).answers[0].depth, 1.0);
    QCOMPARE(task->make(1, 600, 0.0).answers[0].depth, 0.0);
}

QTEST_GUILESS_MAIN(TestPasskey)
#include "test_passkey.moc"
