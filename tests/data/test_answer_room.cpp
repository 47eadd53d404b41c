// Samples for free generation: prompt and new tokens fit the length together, and nothing else is taken from it.
#include <QTest>

#include "core/base/error.h"
#include "core/data/answer_room.h"
#include "core/data/sample_check.h"
#include "tests/data/data_fixture.h"

using namespace fm;

class TestAnswerRoom : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void promptAndAnswerFit_data();
    void promptAndAnswerFit();
    void nothingChangesWhereThereIsRoom();
    void wordsUseEveryToken();
    void noRoomIsSaid();

private:
    const TaskResources smollm_ = test::resources("smollm");
    const TaskResources qwen2_ = test::resources("qwen2");
};

static const Question& placedOf(const Sample& sample) {
    return sample.questions[static_cast<std::size_t>(sample.placed)];
}

static std::int32_t promptTokens(const Sample& sample) {
    return sample.answers[static_cast<std::size_t>(placedOf(sample).first)].begin;
}

void TestAnswerRoom::promptAndAnswerFit_data() {
    QTest::addColumn<QString>("task");
    for (const std::string& name : taskNames())
        if (name != "text") QTest::newRow(name.c_str()) << QString::fromStdString(name);
}

void TestAnswerRoom::promptAndAnswerFit() {
    QFETCH(QString, task);
    constexpr std::int32_t kTokens = 3200;
    for (const TaskResources& resources : {smollm_, qwen2_}) {
        const std::unique_ptr<Task> made = makeTask(task.toStdString(), resources);
        for (const std::int32_t new_tokens : {0, 1, 200}) {
            for (int i = 0; i < 6; ++i) {
                const Sample sample = makeWithRoom(*made, 40 + i, kTokens, i / 5.0, i, new_tokens);
                const Question& question = placedOf(sample);
                const Answer& first = sample.answers[static_cast<std::size_t>(question.first)];
                const Answer& last = sample.answers[static_cast<std::size_t>(question.first + question.count - 1)];
                QVERIFY(promptTokens(sample) + question.new_tokens <= kTokens);
                QVERIFY(question.new_tokens >= last.begin + last.length - first.begin);
                if (new_tokens == 200) QCOMPARE(question.new_tokens, 200);
                QVERIFY2(checkSample(sample, *resources.tokenizer).empty(),
                         checkSample(sample, *resources.tokenizer).c_str());
            }
        }
    }
}

// Needles keep RULER's 128 tokens free anyway; the first of several questions has the others behind it.
void TestAnswerRoom::nothingChangesWhereThereIsRoom() {
    for (const char* name : {"niah_single_2", "niah_multivalue", "mk8q4", "simple_passkey"}) {
        const std::unique_ptr<Task> task = makeTask(name, smollm_);
        QCOMPARE(makeWithRoom(*task, 7, 1500, 0.5, 0, 0).ids, task->make(7, 1500, 0.5, 0).ids);
    }
}

void TestAnswerRoom::wordsUseEveryToken() {
    for (const char* name : {"single", "pair8", "copy"}) {
        const Sample sample = makeWithRoom(*makeTask(name, smollm_), 7, 500, 0.5, 0, 0);
        QCOMPARE(promptTokens(sample) + sample.answers[0].length + 8, 500);
    }
}

void TestAnswerRoom::noRoomIsSaid() {
    const std::unique_ptr<Task> task = makeTask("single", smollm_);
    try {
        makeWithRoom(*task, 1, 200, 0.5, 0, 190);
        QFAIL("190 new tokens of 200 leave nothing for the context");
    } catch (const InputError& error) {
        QCOMPARE(error.problems().size(), std::size_t{1});
        QCOMPARE(error.problems()[0].field, std::string("lengths"));
        QCOMPARE(error.problems()[0].value, std::string("200"));
        QVERIFY(error.problems()[0].allowed.find("for the answer that is generated") != std::string::npos);
    }
}

QTEST_GUILESS_MAIN(TestAnswerRoom)
#include "test_answer_room.moc"
