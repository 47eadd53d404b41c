// RULER's eight needle tasks. The golden prompts are put together here by hand from the published templates; the code
// under test is only asked for keys, values and sizes.
#include <QElapsedTimer>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <QTest>

#include "core/base/error.h"
#include "core/data/niah_text.h"
#include "core/data/ruler_words.h"
#include "core/data/sample_check.h"
#include "tests/data/data_fixture.h"

using namespace fm;

namespace {

const QString kNoise =
    QStringLiteral("The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again.");

QString frameBefore(const QString& type, bool one) {
    return one ? QString(
                     "A special magic %1 is hidden within the following text. Make sure to memorize it. I will quiz "
                     "you about "
                     "the %1 afterwards.\n")
                     .arg(type)
               : QString(
                     "Some special magic %1 are hidden within the following text. Make sure to memorize it. I will "
                     "quiz you "
                     "about the %1 afterwards.\n")
                     .arg(type);
}

QString frameAfter(const QString& type, const QString& query, bool one) {
    return one ? QString(
                     "\nWhat is the special magic %1 for %2 mentioned in the provided text? The special magic %1 for "
                     "%2 "
                     "mentioned in the provided text is")
                     .arg(type, query)
               : QString(
                     "\nWhat are all the special magic %1 for %2 mentioned in the provided text? The special magic %1 "
                     "for %2 "
                     "mentioned in the provided text are")
                     .arg(type, query);
}

struct Needle {
    QString key, value;
};

QList<Needle> needlesIn(const QString& context, const QString& type) {
    const QRegularExpression form(QString("One of the special magic %1 for ([^:]+) is: ([0-9a-f-]+)\\.").arg(type));
    QList<Needle> found;
    for (const QRegularExpressionMatch& match : form.globalMatch(context))
        found << Needle{match.captured(1), match.captured(2)};
    return found;
}

QString needleLine(const QString& type, const Needle& needle) {
    return QString("One of the special magic %1 for %2 is: %3.").arg(type, needle.key, needle.value);
}

// The fixture's documents, white space collapsed, as often as a haystack may need them.
QString wholeCorpus() {
    QString text;
    for (const char* name : {"text/a_lighthouse.txt", "text/b_orchard.txt"}) {
        QFile file(QString::fromStdString(test::dataFixture(name)));
        if (!file.open(QIODevice::ReadOnly)) qFatal("no fixture");
        text += QString::fromUtf8(file.readAll());
    }
    QFile notes(QString::fromStdString(test::dataFixture("text/c_notes.jsonl")));
    if (!notes.open(QIODevice::ReadOnly)) qFatal("no fixture");
    for (const QByteArray& line : notes.readAll().split('\n'))
        text += QJsonDocument::fromJson(line).object()["text"].toString() + '\n';
    return text.repeated(8).simplified();
}

}  // namespace

class TestNiah : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void goldenPrompts_data();
    void goldenPrompts();
    void wordsOfKeys();
    void uuidsAreVersionFour();
    void sizeIsTheLargestThatFits_data();
    void sizeIsTheLargestThatFits();
    void tokensAreThoseOfTheWholeText_data();
    void tokensAreThoseOfTheWholeText();
    void essayDepthsComeFromFortyValues();
    void valuesOfAKeyStandInReadingOrder();
    void allReferencesAreOneQuestion();
    void depthCanBeFixed_data();
    void depthCanBeFixed();
    void valueTokenIsRecorded();
    void shortestLengthIsNamed_data();
    void shortestLengthIsNamed();
    void chatTurn();
    void essayBeginsAnywhereWhenVaried();
    void essayNeedsACorpus();
    void speed();

private:
    void eightTasks();
    const TaskResources smollm_ = test::resources("smollm");
    const TaskResources qwen2_ = test::resources("qwen2");
};

void TestNiah::eightTasks() {
    QTest::addColumn<QString>("task");
    for (const char* name : {"niah_single_1", "niah_single_2", "niah_single_3", "niah_multikey_1", "niah_multikey_2",
                             "niah_multikey_3", "niah_multivalue", "niah_multiquery"})
        QTest::newRow(name) << name;
}

void TestNiah::goldenPrompts_data() {
    QTest::addColumn<QString>("task");
    QTest::addColumn<QString>("haystack");
    QTest::addColumn<QString>("type");  // plural
    QTest::addColumn<bool>("uuid_keys");
    QTest::addColumn<int>("hidden");  // needles, distractor lines of the haystack not counted
    QTest::addColumn<int>("asked");   // references
    QTest::addColumn<int>("queries");
    QTest::newRow("S1") << "niah_single_1"
                        << "noise"
                        << "numbers" << false << 1 << 1 << 1;
    QTest::newRow("S2") << "niah_single_2"
                        << "essay"
                        << "numbers" << false << 1 << 1 << 1;
    QTest::newRow("S3") << "niah_single_3"
                        << "essay"
                        << "uuids" << false << 1 << 1 << 1;
    QTest::newRow("MK-1") << "niah_multikey_1"
                          << "essay"
                          << "numbers" << false << 4 << 1 << 1;
    QTest::newRow("MK-2") << "niah_multikey_2"
                          << "needle"
                          << "numbers" << false << 1 << 1 << 1;
    QTest::newRow("MK-3") << "niah_multikey_3"
                          << "needle"
                          << "uuids" << true << 1 << 1 << 1;
    QTest::newRow("MV") << "niah_multivalue"
                        << "essay"
                        << "numbers" << false << 4 << 4 << 1;
    QTest::newRow("MQ") << "niah_multiquery"
                        << "essay"
                        << "numbers" << false << 4 << 4 << 4;
}

// The keys that the question names, in its order.
static QStringList queriedKeys(const QString& prompt) {
    static const QRegularExpression form(
        QStringLiteral("\\nWhat (?:is|are all) the special magic \\w+ for (.+) mentioned in the provided text\\?"));
    return form.match(prompt, prompt.lastIndexOf(QStringLiteral("\nWhat ")))
        .captured(1)
        .replace(QStringLiteral(", and "), QStringLiteral(", "))
        .split(QStringLiteral(", "));
}

// By key as the question names them, the values of one key as they stand in the context.
static QStringList referencesIn(const QList<Needle>& needles, const QStringList& keys) {
    QStringList values;
    for (const QString& key : keys)
        for (const Needle& needle : needles)
            if (needle.key == key) values << needle.value;
    return values;
}

// " 1, 2, and 3"
static QString answerList(const QStringList& values) {
    QString list;
    for (qsizetype i = 0; i < values.size(); ++i)
        list += (i == 0 ? " " : i + 1 == values.size() ? ", and " : ", ") + values[i];
    return list;
}

static QStringList answersOf(const Sample& sample) {
    QStringList texts;
    for (const Answer& answer : sample.answers) texts << QString::fromStdString(answer.text);
    return texts;
}

void TestNiah::goldenPrompts() {
    QFETCH(QString, task);
    QFETCH(QString, haystack);
    QFETCH(QString, type);
    QFETCH(bool, uuid_keys);
    QFETCH(int, hidden);
    QFETCH(int, asked);
    QFETCH(int, queries);
    const bool one = asked == 1;
    const QString type_in_frame = one ? type.chopped(1) : type;
    const std::unique_ptr<Task> made = makeTask(task.toStdString(), test::resources("smollm", 0));
    for (int seed = 0; seed < 10; ++seed) {
        const Sample sample = made->make(seed, seed < 8 ? 1500 : 5000);
        QCOMPARE(sample.answers.size(), static_cast<std::size_t>(asked));
        const QString prompt = test::promptText(sample, *smollm_.tokenizer);
        const QString before = frameBefore(type_in_frame, one);
        QVERIFY2(prompt.startsWith(before), qPrintable(prompt.left(200)));
        const QString context =
            prompt.mid(before.size(), prompt.lastIndexOf(QStringLiteral("\nWhat ")) - before.size());

        const QList<Needle> needles = needlesIn(context, type);
        const QStringList query = queriedKeys(prompt);
        QCOMPARE(query.size(), queries);
        const QStringList references = referencesIn(needles, query);
        QCOMPARE(references.size(), asked);
        QCOMPARE(answersOf(sample), references);
        QCOMPARE(QString::fromStdString(smollm_.tokenizer->decode(sample.ids)), prompt + answerList(references) + ".");
        QVERIFY2(checkSample(sample, *smollm_.tokenizer).empty(), checkSample(sample, *smollm_.tokenizer).c_str());
        const QString query_text =
            queries == 1 ? query[0] : QString("%1, %2, %3, and %4").arg(query[0], query[1], query[2], query[3]);
        QCOMPARE(prompt, before + context + frameAfter(type_in_frame, query_text, one));

        static const QRegularExpression words(QStringLiteral("^[A-Za-z'ñ -]+$"));
        static const QRegularExpression uuid(QStringLiteral("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"));
        static const QRegularExpression number(QStringLiteral("^[1-9][0-9]{6}$"));
        for (const Needle& needle : needles) {
            QVERIFY2((uuid_keys ? uuid : words).match(needle.key).hasMatch(), qPrintable(needle.key));
            QVERIFY((type == QLatin1String("uuids") ? uuid : number).match(needle.value).hasMatch());
        }
        if (haystack == QLatin1String("needle")) {
            const QStringList lines = context.split('\n');
            QCOMPARE(needles.size(), lines.size());
            for (qsizetype i = 0; i < lines.size(); ++i) QCOMPARE(lines[i], needleLine(type, needles[i]));
            continue;
        }
        QCOMPARE(needles.size(), hidden);
        if (haystack == QLatin1String("noise")) {
            QStringList lines = context.split('\n');
            QCOMPARE(lines.removeAll(needleLine(type, needles[0])), 1);
            QCOMPARE(lines.count(kNoise), lines.size());
        } else {
            QString essay = context;
            for (const Needle& needle : needles) essay.remove(needleLine(type, needle));
            QVERIFY2(wholeCorpus().startsWith(essay.simplified()), qPrintable(essay));
            QVERIFY(essay.size() > 1000);
        }
    }
}

void TestNiah::wordsOfKeys() {
    QCOMPARE(rulerAdjectives().size(), std::size_t{910});
    QCOMPARE(rulerNouns().size(), std::size_t{6782});
    QVERIFY(std::find(rulerNouns().begin(), rulerNouns().end(), "zucchini") != rulerNouns().end());
    for (std::string_view word : rulerNouns()) QVERIFY(!word.empty() && word.back() != ' ' && word.back() != '\r');
    Rng rng(1);
    QSet<QString> keys;
    for (int i = 0; i < 200; ++i) keys.insert(QString::fromStdString(drawNeedleWord(NeedleWord::Words, rng)));
    QVERIFY(keys.size() >= 199);
}

void TestNiah::uuidsAreVersionFour() {
    static const QRegularExpression form(
        QStringLiteral("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"));
    Rng rng(3);
    for (int i = 0; i < 100; ++i) {
        const QString uuid = QString::fromStdString(drawNeedleWord(NeedleWord::Uuids, rng));
        QVERIFY2(form.match(uuid).hasMatch(), qPrintable(uuid));
    }
}

void TestNiah::sizeIsTheLargestThatFits_data() { eightTasks(); }

// Prompt and 128 tokens to generate fit, and one more unit of haystack would not.
void TestNiah::sizeIsTheLargestThatFits() {
    QFETCH(QString, task);
    for (const TaskResources& resources : {smollm_, qwen2_}) {
        const std::unique_ptr<Task> made = makeTask(task.toStdString(), resources);
        for (std::int32_t tokens : {1024, 1333, 4096}) {
            const Sample sample = made->make(11, tokens);
            const std::int32_t used = sample.answers[0].begin + 128;
            QVERIFY(used <= tokens);
            QCOMPARE(sample.answer_budget, 128);
            std::string unit = kNoise.toStdString() + "\n";
            if (task.startsWith(QLatin1String("niah_multikey_2")) || task.startsWith(QLatin1String("niah_multikey_3")))
                unit = std::string(120, '1');  // longer than any line in tokens
            else if (task != QLatin1String("niah_single_1"))
                unit = " thermometer stood";
            QVERIFY2(used + static_cast<std::int32_t>(resources.tokenizer->encodeOrdinary(unit).size()) > tokens,
                     qPrintable(QString::number(tokens - used)));
        }
    }
}

void TestNiah::tokensAreThoseOfTheWholeText_data() { eightTasks(); }

void TestNiah::tokensAreThoseOfTheWholeText() {
    QFETCH(QString, task);
    for (TaskResources resources : {smollm_, qwen2_}) {
        for (const char* family : {"", "chatml"}) {
            resources.chat_family = family;
            const std::unique_ptr<Task> made = makeTask(task.toStdString(), resources);
            for (int seed = 0; seed < 5; ++seed) {
                const Sample sample = made->make(seed, 1400);
                QCOMPARE(resources.tokenizer->encode(resources.tokenizer->decode(sample.ids)), sample.ids);
            }
        }
    }
}

void TestNiah::essayDepthsComeFromFortyValues() {
    const std::unique_ptr<Task> task = makeTask("niah_multivalue", smollm_);
    QSet<int> depths;
    for (int i = 0; i < 40; ++i) depths.insert(qRound(i * 100.0 / 39));
    for (int seed = 0; seed < 30; ++seed) {
        QSet<int> drawn;
        for (const Answer& answer : task->make(seed, 1500).answers) drawn.insert(qRound(answer.depth * 100));
        QCOMPARE(drawn.size(), 4);
        QVERIFY(depths.contains(drawn));
    }
}

// Whatever stands at a given depth: a model that lists the values as it reads them gives the references' order.
void TestNiah::valuesOfAKeyStandInReadingOrder() {
    const std::unique_ptr<Task> task = makeTask("niah_multivalue", smollm_);
    QSet<qsizetype> placed;  // which of the four stands at the given depth
    for (int seed = 0; seed < 40; ++seed) {
        const Sample sample = task->make(seed, 1500, seed % 2 == 0 ? -1 : 0.025 * seed);
        const QString prompt = test::promptText(sample, *smollm_.tokenizer);
        qsizetype last = -1;
        for (const QString& value : answersOf(sample)) {
            QCOMPARE(prompt.count(value), 1);
            QVERIFY2(prompt.indexOf(value) > last, qPrintable(value));
            last = prompt.indexOf(value);
        }
        for (std::size_t i = 0; i < 4; ++i)
            if (sample.answers[i].depth == sample.questions[0].depth) placed.insert(static_cast<qsizetype>(i));
    }
    QVERIFY(placed.size() > 1);
}

void TestNiah::allReferencesAreOneQuestion() {
    for (const auto& [name, references] :
         {std::pair{"niah_single_1", 1}, {"niah_multikey_1", 1}, {"niah_multivalue", 4}, {"niah_multiquery", 4}}) {
        const Sample sample = makeTask(name, smollm_)->make(3, 1500, 0.5);
        QCOMPARE(sample.questions.size(), std::size_t{1});
        QCOMPARE(sample.questions[0].first, 0);
        QCOMPARE(sample.questions[0].count, references);
        QCOMPARE(sample.questions[0].new_tokens, 128);
        QVERIFY(!sample.one_line);
    }
}

void TestNiah::depthCanBeFixed_data() { eightTasks(); }

void TestNiah::depthCanBeFixed() {
    QFETCH(QString, task);
    const std::unique_ptr<Task> made = makeTask(task.toStdString(), smollm_);
    std::int32_t last = -1;
    for (double depth : {0.0, 0.4, 0.9}) {
        const Sample sample = made->make(2, 3000, depth);
        const double needle_depth = sample.questions[0].depth;
        QVERIFY2(qAbs(needle_depth - depth) < 0.06, qPrintable(QString::number(needle_depth)));
        const auto placed = std::find_if(sample.answers.begin(), sample.answers.end(),
                                         [&](const Answer& answer) { return answer.depth == needle_depth; });
        QVERIFY(placed != sample.answers.end());
        const Answer& answer = *placed;
        const double place = static_cast<double>(answer.needle_begin) / sample.answers[0].begin;
        QVERIFY2(qAbs(place - depth) < 0.17, qPrintable(QString::number(place)));
        QVERIFY(answer.needle_begin > last);
        last = answer.needle_begin;
        QVERIFY(checkSample(sample, *smollm_.tokenizer).empty());
    }
}

void TestNiah::valueTokenIsRecorded() {
    for (const char* name : {"niah_multiquery", "niah_single_3"}) {
        const Sample sample = makeTask(name, qwen2_)->make(1, 1500);
        for (const Answer& answer : sample.answers) {
            const std::string from_there =
                qwen2_.tokenizer->decode(test::slice(sample, answer.needle_begin, sample.answers[0].begin));
            const std::size_t at = from_there.find(answer.text);
            QVERIFY(at <= 1);  // the value's first token may begin with the blank
        }
    }
}

void TestNiah::shortestLengthIsNamed_data() { eightTasks(); }

void TestNiah::shortestLengthIsNamed() {
    QFETCH(QString, task);
    const std::unique_ptr<Task> made = makeTask(task.toStdString(), smollm_);
    int minimum = 0;
    try {
        made->make(0, 130);
    } catch (const InputError& error) {
        static const QRegularExpression form(QStringLiteral("at least (\\d+) tokens"));
        minimum = form.match(QString::fromStdString(error.problems().at(0).allowed)).captured(1).toInt();
    }
    QVERIFY(minimum > 130);
    QVERIFY_THROWS_EXCEPTION(InputError, made->make(1, minimum - 1));
    for (int seed = 0; seed < 60; ++seed) {
        const Sample sample = made->make(seed, minimum);
        QVERIFY2(checkSample(sample, *smollm_.tokenizer).empty(), checkSample(sample, *smollm_.tokenizer).c_str());
    }
}

void TestNiah::chatTurn() {
    TaskResources chat = smollm_;
    chat.chat_family = "chatml";
    const Sample sample = makeTask("niah_single_1", chat)->make(1, 800);
    const QString prompt = test::promptText(sample, *chat.tokenizer);
    QVERIFY(prompt.startsWith(
        QStringLiteral("<|im_start|>user\nA special magic number is hidden within the following text.")));
    static const QRegularExpression end(
        QStringLiteral("\nWhat is the special magic number for (\\S+) mentioned in the provided "
                       "text\\?<\\|im_end\\|>\n<\\|im_start\\|>"
                       "assistant\nThe special magic number for \\1 mentioned in the provided text is$"));
    QVERIFY2(end.match(prompt).hasMatch(), qPrintable(prompt.right(250)));
}

void TestNiah::essayBeginsAnywhereWhenVaried() {
    TaskResources varied = smollm_;
    varied.vary_haystack = true;
    const std::unique_ptr<Task> task = makeTask("niah_single_2", varied);
    QSet<QString> beginnings;
    for (int seed = 0; seed < 10; ++seed) {
        const Sample sample = task->make(seed, 700);
        beginnings.insert(test::promptText(sample, *varied.tokenizer).section(' ', 22, 30));
        QVERIFY(checkSample(sample, *varied.tokenizer).empty());
    }
    QVERIFY(beginnings.size() >= 9);
}

void TestNiah::essayNeedsACorpus() {
    TaskResources bare = smollm_;
    bare.corpus = nullptr;
    QVERIFY_THROWS_EXCEPTION(InputError, makeTask("niah_single_2", bare));
    QVERIFY(!makeTask("niah_single_1", bare)->make(1, 600).answers.empty());
    QVERIFY(!makeTask("niah_multikey_3", bare)->make(1, 900).answers.empty());
}

// Printed, not judged closely: generation must stay far ahead of a training step of some 100 ktok/s.
void TestNiah::speed() {
    for (const char* name : {"niah_single_1", "niah_single_2", "niah_multikey_2", "passkey"}) {
        const std::unique_ptr<Task> task = makeTask(name, smollm_);
        QElapsedTimer timer;
        timer.start();
        std::int64_t tokens = 0;
        for (std::uint64_t seed = 0; timer.elapsed() < 100; ++seed)
            tokens += static_cast<std::int64_t>(task->make(seed, 4096).ids.size());
        const double rate = static_cast<double>(tokens) / (static_cast<double>(timer.nsecsElapsed()) * 1e-9);
        qInfo("%s: %.2f Mtok/s per thread at 4096 tokens", name, rate * 1e-6);
        QVERIFY(rate > 2e4);
    }
}

QTEST_GUILESS_MAIN(TestNiah)
#include "test_niah.moc"
