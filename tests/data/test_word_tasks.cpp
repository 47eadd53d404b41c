// The small tasks: what the text says is checked by reading it back, with rules written down here by hand.
#include <QMap>
#include <QRegularExpression>
#include <QTest>

#include "core/base/error.h"
#include "core/data/sample_check.h"
#include "core/data/word_lists.h"
#include "tests/data/data_fixture.h"

using namespace fm;

namespace {

constexpr int kSeeds = 40;

QString context(const Sample& sample, const Tokenizer& tokenizer) {
    const QString prompt = test::promptText(sample, tokenizer);
    const qsizetype question = prompt.lastIndexOf(QStringLiteral("\n what is"));
    return prompt.left(question);
}

QString question(const Sample& sample, const Tokenizer& tokenizer) {
    const QString prompt = test::promptText(sample, tokenizer);
    return prompt.mid(prompt.lastIndexOf(QStringLiteral("\n what is")));
}

// name -> value, from " <name> is <four words>."
QMap<QString, QString> values(const QString& text, const QString& name = QStringLiteral("\\w+")) {
    QString nato;
    for (const std::string& word : natoWords())
        nato += QString(nato.isEmpty() ? "" : "|") + QString::fromStdString(word);
    const QRegularExpression needle(QStringLiteral(" (%2) is ((?:(?:%1) ){3}(?:%1))\\.").arg(nato, name));
    QMap<QString, QString> found;
    for (const QRegularExpressionMatch& match : needle.globalMatch(text)) found[match.captured(1)] = match.captured(2);
    return found;
}

QMap<QString, QString> aliases(const QString& text) {
    static const QRegularExpression alias(QStringLiteral(" (\\w+) is the same as (\\w+)\\."));
    QMap<QString, QString> found;
    for (const QRegularExpressionMatch& match : alias.globalMatch(text)) found[match.captured(1)] = match.captured(2);
    return found;
}

QString askedKey(const QString& question) {
    static const QRegularExpression form(QStringLiteral("^\n what is (.+)\\?$"));
    return form.match(question).captured(1);
}

}  // namespace

class TestWordTasks : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void wordListsAreClosedSets();
    void keysAnswerWhatTheirNeedleSays_data();
    void keysAnswerWhatTheirNeedleSays();
    void allAreAskedInManyQueries();
    void hopsFollowTheirAliases_data();
    void hopsFollowTheirAliases();
    void aliasesStandFirstWhereAsked_data();
    void aliasesStandFirstWhereAsked();
    void pairTakesHalfFromEachNeedle();
    void farValueStandsAwayFromItsKey();
    void bindNeedsBothWords();
    void copyRepeatsItsSpan();
    void everySampleIsSoundAndExactlyAsLong_data();
    void everySampleIsSoundAndExactlyAsLong();
    void needlesStandAtDistinctDepths();
    void depthCanBeFixed_data();
    void depthCanBeFixed();
    void everyAnswerIsAQuestion();
    void shortestLengthIsNamed_data();
    void shortestLengthIsNamed();
    void numbersOutOfRangeAreRefused_data();
    void numbersOutOfRangeAreRefused();
    void heldOutTextIsDisjoint();
    void worksWithoutCorpus();

private:
    const TaskResources smollm_ = test::resources("smollm");
    const TaskResources qwen2_ = test::resources("qwen2");
};

void TestWordTasks::wordListsAreClosedSets() {
    QCOMPARE(natoWords().size(), std::size_t{26});
    QCOMPARE(keyWords().size(), std::size_t{64});
    QSet<QString> all;
    for (const std::string& word : natoWords()) all.insert(QString::fromStdString(word));
    for (const std::string& word : keyWords()) all.insert(QString::fromStdString(word));
    QCOMPARE(all.size(), 90);
}

void TestWordTasks::keysAnswerWhatTheirNeedleSays_data() {
    QTest::addColumn<QString>("task");
    QTest::addColumn<int>("needles");
    QTest::newRow("single") << "single" << 1;
    QTest::newRow("mk4") << "mk4" << 4;
    QTest::newRow("mk32") << "mk32" << 32;
    QTest::newRow("mk64") << "mk64" << 64;
}

void TestWordTasks::keysAnswerWhatTheirNeedleSays() {
    QFETCH(QString, task);
    QFETCH(int, needles);
    const std::unique_ptr<Task> made = makeTask(task.toStdString(), smollm_);
    for (int seed = 0; seed < kSeeds; ++seed) {
        const Sample sample = made->make(seed, 1400);
        const QMap<QString, QString> said = values(context(sample, *smollm_.tokenizer));
        QCOMPARE(said.size(), needles);
        QCOMPARE(sample.answers.size(), std::size_t{1});
        const QString key = askedKey(question(sample, *smollm_.tokenizer));
        QVERIFY2(said.contains(key), qPrintable(key));
        QCOMPARE(QString::fromStdString(sample.answers[0].text), said[key]);
    }
}

void TestWordTasks::allAreAskedInManyQueries() {
    for (const char* name : {"mq4", "mk8q4"}) {
        const std::unique_ptr<Task> task = makeTask(name, smollm_);
        const Sample sample = task->make(3, 500);
        const QString text = QString::fromStdString(smollm_.tokenizer->decode(sample.ids));
        const QMap<QString, QString> said = values(text.left(text.indexOf(QStringLiteral("\n what is"))));
        QCOMPARE(said.size(), QLatin1String(name) == QLatin1String("mq4") ? 4 : 8);
        static const QRegularExpression asked(QStringLiteral("\n what is (\\w+)\\? ([a-z ]+)\\."));
        QSet<QString> keys;
        std::size_t index = 0;
        for (const QRegularExpressionMatch& match : asked.globalMatch(text)) {
            QCOMPARE(match.captured(2), said[match.captured(1)]);
            QCOMPARE(QString::fromStdString(sample.answers.at(index++).text), match.captured(2));
            keys.insert(match.captured(1));
        }
        QCOMPARE(keys.size(), 4);
        QCOMPARE(index, std::size_t{4});
    }
}

void TestWordTasks::hopsFollowTheirAliases_data() {
    QTest::addColumn<QString>("task");
    QTest::addColumn<int>("chains");
    QTest::addColumn<int>("hops");
    QTest::newRow("hop2") << "hop2" << 2 << 1;
    QTest::newRow("hop16") << "hop16" << 16 << 1;
    QTest::newRow("hop3_4") << "hop3_4" << 4 << 2;
    QTest::newRow("ahop16") << "ahop16" << 16 << 1;
    QTest::newRow("ahop3_4") << "ahop3_4" << 4 << 2;
}

void TestWordTasks::hopsFollowTheirAliases() {
    QFETCH(QString, task);
    QFETCH(int, chains);
    QFETCH(int, hops);
    const std::unique_ptr<Task> made = makeTask(task.toStdString(), smollm_);
    bool value_first = false, alias_first = false;
    for (int seed = 0; seed < kSeeds; ++seed) {
        const Sample sample = made->make(seed, 700);
        const QString text = context(sample, *smollm_.tokenizer);
        const QMap<QString, QString> said = values(text), same = aliases(text);
        QCOMPARE(said.size(), chains);
        QCOMPARE(same.size(), chains * hops);
        const QString asked = askedKey(question(sample, *smollm_.tokenizer));
        QString key = asked;
        for (int hop = 0; hop < hops; ++hop) {
            QVERIFY(!said.contains(key));
            key = same.value(key);
        }
        QCOMPARE(QString::fromStdString(sample.answers[0].text), said.value(key));
        const bool first =
            text.indexOf(" " + key + " is " + said[key]) < text.indexOf(" " + asked + " is the same as ");
        (first ? value_first : alias_first) = true;
    }
    QVERIFY(alias_first);
    QCOMPARE(value_first, !task.startsWith(QStringLiteral("ahop")));  // shuffled: the order says nothing
}

void TestWordTasks::aliasesStandFirstWhereAsked_data() {
    QTest::addColumn<QString>("task");
    QTest::newRow("ahop8") << "ahop8";
    QTest::newRow("ahop8q4") << "ahop8q4";
    QTest::newRow("ahop3_6") << "ahop3_6";
}

void TestWordTasks::aliasesStandFirstWhereAsked() {
    QFETCH(QString, task);
    const std::unique_ptr<Task> made = makeTask(task.toStdString(), smollm_);
    for (int seed = 0; seed < kSeeds; ++seed) {
        const QString text =
            context(made->make(seed, 900, seed % 2 == 0 ? -1.0 : seed / double(kSeeds)), *smollm_.tokenizer);
        const QMap<QString, QString> same = aliases(text);
        for (auto alias = same.cbegin(); alias != same.cend(); ++alias) {
            const qsizetype at = text.indexOf(QStringLiteral(" %1 is the same as").arg(alias.key()));
            const qsizetype named = text.indexOf(QStringLiteral(" %1 is ").arg(alias.value()));
            QVERIFY2(at >= 0 && named > at, qPrintable(alias.key() + " names " + alias.value()));
        }
    }
}

void TestWordTasks::pairTakesHalfFromEachNeedle() {
    const std::unique_ptr<Task> task = makeTask("pair4", smollm_);
    for (int seed = 0; seed < kSeeds; ++seed) {
        const Sample sample = task->make(seed, 400);
        const QMap<QString, QString> said = values(context(sample, *smollm_.tokenizer));
        const QStringList keys = askedKey(question(sample, *smollm_.tokenizer)).split(QStringLiteral(" and "));
        QCOMPARE(keys.size(), 2);
        const QStringList first = said[keys[0]].split(' '), second = said[keys[1]].split(' ');
        const QStringList expected = {first[0], first[1], second[2], second[3]};
        QCOMPARE(QString::fromStdString(sample.answers[0].text), expected.join(' '));
    }
}

void TestWordTasks::farValueStandsAwayFromItsKey() {
    const std::unique_ptr<Task> task = makeTask("far4", smollm_);
    static const QRegularExpression linked(QStringLiteral(" (\\w+) has number (\\w+)\\."));
    for (int seed = 0; seed < kSeeds; ++seed) {
        const Sample sample = task->make(seed, 400);
        const QString text = context(sample, *smollm_.tokenizer);
        QMap<QString, QString> link;
        for (const QRegularExpressionMatch& match : linked.globalMatch(text))
            link[match.captured(1)] = match.captured(2);
        QCOMPARE(link.size(), 4);
        const QString key = askedKey(question(sample, *smollm_.tokenizer));
        const QString head = " " + key + " has number " + link[key] + ".";
        const QString tail = " number " + link[key] + " is " + QString::fromStdString(sample.answers[0].text) + ".";
        const qsizetype end_of_head = text.indexOf(head) + head.size();
        QVERIFY(text.contains(head));
        QVERIFY2(text.indexOf(tail) >= end_of_head + 4, qPrintable(text));  // at least four tokens of filler
    }
}

void TestWordTasks::bindNeedsBothWords() {
    const std::unique_ptr<Task> task = makeTask("bind8", smollm_);
    int shared = 0;
    for (int seed = 0; seed < kSeeds; ++seed) {
        const Sample sample = task->make(seed, 400);
        const QMap<QString, QString> said = values(context(sample, *smollm_.tokenizer), QStringLiteral("\\w+ of \\w+"));
        QCOMPARE(said.size(), 8);
        const QString name = askedKey(question(sample, *smollm_.tokenizer));
        QCOMPARE(QString::fromStdString(sample.answers[0].text), said.value(name));
        const QStringList words = name.split(QStringLiteral(" of "));
        for (const QString& other : said.keys())
            shared += other != name && (other.startsWith(words[0] + " ") || other.endsWith(" " + words[1]));
    }
    QVERIFY(shared > 2 * kSeeds);  // either word alone leaves a choice
}

void TestWordTasks::copyRepeatsItsSpan() {
    const std::unique_ptr<Task> task = makeTask("copy", smollm_);
    static const QRegularExpression form(QStringLiteral(" copy:((?: [a-z]+)+)\\..*\n copy:$"),
                                         QRegularExpression::DotMatchesEverythingOption);
    for (int seed = 0; seed < kSeeds; ++seed) {
        const Sample sample = task->make(seed, 200);
        QVERIFY(sample.answers[0].length >= 16 && sample.answers[0].length <= 32);
        const QString span = form.match(test::promptText(sample, *smollm_.tokenizer)).captured(1);
        QCOMPARE(" " + QString::fromStdString(sample.answers[0].text), span);
    }
}

void TestWordTasks::everySampleIsSoundAndExactlyAsLong_data() {
    QTest::addColumn<QString>("task");
    for (const std::string& name : taskNames())
        if (!name.starts_with("niah") && name.find("passkey") == std::string::npos)
            QTest::newRow(name.c_str()) << QString::fromStdString(name);
}

void TestWordTasks::everySampleIsSoundAndExactlyAsLong() {
    QFETCH(QString, task);
    for (const TaskResources& resources : {smollm_, qwen2_}) {
        const std::unique_ptr<Task> made = makeTask(task.toStdString(), resources);
        for (int seed = 0; seed < kSeeds; ++seed) {
            const std::int32_t tokens = 1100 + 13 * seed;
            const Sample sample = made->make(seed, tokens);
            QCOMPARE(sample.ids.size(), static_cast<std::size_t>(tokens));
            QCOMPARE(sample.answers.empty(), task == QLatin1String("text"));
            const std::string problem = checkSample(sample, *resources.tokenizer);
            QVERIFY2(problem.empty(), problem.c_str());
            QCOMPARE(made->make(seed, tokens).ids, sample.ids);
            QVERIFY(made->make(seed + 1, tokens).ids != sample.ids);
        }
    }
}

void TestWordTasks::needlesStandAtDistinctDepths() {
    const std::unique_ptr<Task> task = makeTask("mq8", smollm_);
    int early = 0, late = 0;
    for (int seed = 0; seed < kSeeds; ++seed) {
        const Sample sample = task->make(seed, 600);
        QSet<std::int32_t> places;
        for (const Answer& answer : sample.answers) {
            places.insert(answer.needle_begin);
            early += answer.depth < 0.5;
            late += answer.depth >= 0.5;
        }
        QCOMPARE(places.size(), 8);
    }
    QVERIFY(early > 100 && late > 100);  // of 320
}

void TestWordTasks::depthCanBeFixed_data() {
    QTest::addColumn<QString>("task");
    QTest::addColumn<int>("questions");
    for (const auto& [name, questions] : {std::pair{"mk8", 1},
                                          {"mk8q4", 4},
                                          {"mq4", 4},
                                          {"hop4", 1},
                                          {"hop4q4", 4},
                                          {"bind8q4", 4},
                                          {"far4q2", 2},
                                          {"pair8", 1},
                                          {"ahop8", 1},
                                          {"ahop8q4", 4},
                                          {"ahop3_6", 1},
                                          {"copy", 1}})
        QTest::newRow(name) << name << questions;
}

// Read off the text: the statement with the answer to the question that is asked there.
void TestWordTasks::depthCanBeFixed() {
    QFETCH(QString, task);
    QFETCH(int, questions);
    const std::unique_ptr<Task> made = makeTask(task.toStdString(), smollm_);
    for (int question = 0; question < 2 * questions; ++question) {
        for (const double depth : {0.0, 0.25, 0.5, 1.0}) {
            const Sample sample = made->make(5 + question, 900, depth, question);
            QVERIFY(checkSample(sample, *smollm_.tokenizer).empty());
            QCOMPARE(sample.placed, question % questions);
            const std::size_t placed = static_cast<std::size_t>(sample.placed);
            QCOMPARE(sample.questions[placed].depth, sample.answers[placed].depth);
            QVERIFY2(qAbs(sample.answers[placed].depth - depth) < 0.01, qPrintable(QString::number(depth)));
            const QString text = test::promptText(sample, *smollm_.tokenizer);
            const QString context = text.left(text.indexOf(QStringLiteral("\n what is")));
            const QString answer = QString::fromStdString(sample.answers[placed].text).section(' ', 0, 1);
            const double place = static_cast<double>(context.indexOf(answer)) / static_cast<double>(context.size());
            QVERIFY2(qAbs(place - depth) < 0.2, qPrintable(QString::number(place)));
        }
    }
    QCOMPARE(makeTask("copy", smollm_)->make(5, 700, 0.0).answers[0].needle_begin, 0);
}

void TestWordTasks::everyAnswerIsAQuestion() {
    for (const char* name : {"mk8q4", "mq4", "pair8", "copy"}) {
        const Sample sample = makeTask(name, smollm_)->make(2, 600);
        QVERIFY(sample.one_line);
        QCOMPARE(sample.questions.size(), sample.answers.size());
        for (std::size_t i = 0; i < sample.answers.size(); ++i) {
            QCOMPARE(sample.questions[i].first, static_cast<std::int32_t>(i));
            QCOMPARE(sample.questions[i].count, 1);
            QCOMPARE(sample.questions[i].new_tokens, sample.answers[i].length + 8);
        }
    }
}

void TestWordTasks::shortestLengthIsNamed_data() {
    QTest::addColumn<QString>("task");
    for (const char* name : {"single", "mk16", "hop4", "far4", "bind8", "copy"}) QTest::newRow(name) << name;
}

void TestWordTasks::shortestLengthIsNamed() {
    QFETCH(QString, task);
    const std::unique_ptr<Task> made = makeTask(task.toStdString(), qwen2_);
    QString allowed;
    try {
        made->make(0, 8);
    } catch (const InputError& error) {
        allowed = QString::fromStdString(error.problems().at(0).allowed);
    }
    const int minimum = QRegularExpression(QStringLiteral("at least (\\d+) tokens")).match(allowed).captured(1).toInt();
    QVERIFY2(minimum > 8, qPrintable(allowed));
    QVERIFY_THROWS_EXCEPTION(InputError, made->make(0, minimum - 1));
    for (int seed = 0; seed < 200; ++seed)
        QCOMPARE(made->make(seed, minimum).ids.size(), static_cast<std::size_t>(minimum));
}

void TestWordTasks::numbersOutOfRangeAreRefused_data() {
    QTest::addColumn<QString>("name");
    for (const char* name :
         {"mk0",         "mk65",       "mq9",      "hop33", "hop3_22",       "pair1",    "far17", "bind65",
          "mk4q5",       "mk16q9",     "mk",       "mk4q",  "mk04",          "mk4x",     "mq4q2", "copy4",
          "passkey11x8", "passkey4x0", "passkey4", "niah",  "niah_single_4", "nonsense", ""})
        QTest::newRow(name) << name;
}

void TestWordTasks::numbersOutOfRangeAreRefused() {
    QFETCH(QString, name);
    try {
        makeTask(name.toStdString(), smollm_);
        QFAIL("accepted");
    } catch (const InputError& error) {
        QCOMPARE(error.problems().size(), std::size_t{1});
        QVERIFY(error.problems()[0].allowed.find("niah_multiquery") != std::string::npos);
    }
}

void TestWordTasks::heldOutTextIsDisjoint() {
    TaskResources held_out = smollm_;
    held_out.part = TextCorpus::Part::HeldOut;
    const Sample train = makeTask("mk4", smollm_)->make(9, 300), test = makeTask("mk4", held_out)->make(9, 300);
    QVERIFY(train.answers[0].text != test.answers[0].text);
    const auto window = [](const std::vector<TokenId>& ids) {
        QSet<QString> grams;
        for (std::size_t i = 0; i + 12 <= ids.size(); ++i) {
            QString gram;
            for (std::size_t j = i; j < i + 12; ++j) gram += QString::number(ids[j]) + ' ';
            grams.insert(gram);
        }
        return grams;
    };
    const auto text_of = [&](const TaskResources& resources) {
        return window(makeTask("text", resources)->make(1, 5000).ids);
    };
    QVERIFY(!text_of(smollm_).intersects(text_of(held_out)));
}

void TestWordTasks::worksWithoutCorpus() {
    TaskResources bare = smollm_;
    bare.corpus = nullptr;
    const Sample sample = makeTask("mk4", bare)->make(1, 300);
    QVERIFY(checkSample(sample, *bare.tokenizer).empty());
    QVERIFY(context(sample, *bare.tokenizer).contains(QStringLiteral("The grass is green. The sky is blue.")));
    QVERIFY_THROWS_EXCEPTION(InputError, makeTask("text", bare));
}

QTEST_GUILESS_MAIN(TestWordTasks)
#include "test_word_tasks.moc"
