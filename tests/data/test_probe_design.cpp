// A probe's design: every task asked as often as every other, no seed twice, purposes that never meet, and sizes.
#include <QSet>
#include <QTest>

#include <map>

#include "core/base/error.h"
#include "core/data/batch_source.h"
#include "core/data/probe_design.h"
#include "core/plan/probe_scores.h"
#include "core/plan/probe_tables.h"
#include "tests/data/data_fixture.h"

using namespace fm;

class TestProbeDesign : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyTaskIsAskedAlikeInEveryRound();
    void noTwoSequencesShareASeed();
    void purposesAndSeedsNeverMeet();
    void sizesAreLargeEnough_data();
    void sizesAreLargeEnough();
    void identityNamesEverything();
    void wrongDesignsListAllProblems();
    void stepsOfGatesAlwaysAsk_data();
    void stepsOfGatesAlwaysAsk();

private:
    static ProbeDesign design() { return {{"mk4", "hop4", "copy"}, {160, 224}, 5, "measure", 1}; }
    const TaskResources resources_ = test::resources("smollm");
};

void TestProbeDesign::everyTaskIsAskedAlikeInEveryRound() {
    const ProbeSource source(design(), resources_);
    QCOMPARE(source.numBatches(), std::int64_t{10});
    QCOMPARE(source.numSequences(), std::int64_t{40});
    std::map<std::pair<std::string, int>, int> counted;
    for (std::int64_t i = 0; i < source.numBatches(); ++i) {
        const Batch batch = source.batch(i);
        QCOMPARE(batch.batch, 4);  // three tasks and plain text
        for (const Sample& sample : batch.samples) {
            QCOMPARE(sample.requested_length, i % 2 == 0 ? 160 : 224);
            QCOMPARE(sample.answers.empty(), sample.task == "text");
            ++counted[{sample.task, sample.requested_length}];
        }
        // Whatever has been asked so far, every task has been asked as often.
        for (const auto& [cell, count] : counted)
            if (cell.second == batch.samples[0].requested_length) QCOMPARE(count, static_cast<int>(i / 2) + 1);
    }
    QCOMPARE(counted.size(), std::size_t{8});
    const ProbeSource again(design(), resources_);
    QCOMPARE(again.batch(7).ids_BT, source.batch(7).ids_BT);  // in any order
    TaskResources without = resources_;
    without.corpus = nullptr;
    ProbeDesign words = design();
    words.tasks = {"niah_single_1"};
    words.lengths = {512};
    QCOMPARE(ProbeSource(words, without).numSequences(), std::int64_t{5});  // no text without a corpus
}

void TestProbeDesign::noTwoSequencesShareASeed() {
    const ProbeSource source(design(), resources_);
    QSet<quint64> seeds;
    QSet<QString> prompts;
    for (std::int64_t i = 0; i < source.numBatches(); ++i) {
        for (const Sample& sample : source.batch(i).samples) {
            QVERIFY(sample.seed & kHeldOutBit);
            seeds.insert(sample.seed);
            prompts.insert(QString::fromStdString(resources_.tokenizer->decode(sample.ids)));
        }
    }
    QCOMPARE(seeds.size(), 40);
    QCOMPARE(prompts.size(), 40);
}

void TestProbeDesign::purposesAndSeedsNeverMeet() {
    QSet<quint64> seeds;
    int sequences = 0;
    for (const ProbePurpose purpose :
         {ProbePurpose::Measure, ProbePurpose::Choose, ProbePurpose::Confirm, ProbePurpose::Judge}) {
        for (std::uint64_t seed = 0; seed < 5; ++seed) {
            ProbeDesign other = design();
            other.purpose = toString(purpose);
            other.seed = seed;
            const ProbeSource source(other, resources_);
            for (std::int64_t i = 0; i < source.numBatches(); ++i) {
                for (const Sample& sample : source.batch(i).samples) seeds.insert(sample.seed), ++sequences;
            }
        }
    }
    QCOMPARE(seeds.size(), sequences);
}

void TestProbeDesign::sizesAreLargeEnough_data() {
    QTest::addColumn<int>("tasks");
    QTest::addColumn<QList<int>>("lengths");
    QTest::newRow("the built-in teacher") << 5 << QList<int>{256};
    QTest::newRow("a real one") << 3 << QList<int>{1024, 2048, 4096};
    QTest::newRow("one task, short") << 1 << QList<int>{64};
    QTest::newRow("long") << 8 << QList<int>{131072};
}

// At least 8 sequences of each task and 60,000 tokens; one sequence fewer would miss one of the two.
void TestProbeDesign::sizesAreLargeEnough() {
    QFETCH(int, tasks);
    QFETCH(QList<int>, lengths);
    const std::int64_t n = probeSequences(static_cast<std::size_t>(tasks), {lengths.begin(), lengths.end()});
    const auto enough = [&](std::int64_t sequences) {
        std::int64_t tokens = 0;
        for (const int length : lengths) tokens += sequences * (tasks + 1) * length;
        return sequences * lengths.size() >= 8 && tokens >= 60000;
    };
    QVERIFY2(enough(n) && !enough(n - 1), qPrintable(QString::number(n)));
    ProbeDesign automatic = design();
    automatic.sequences = 0;
    const ProbeSource source(automatic, resources_);
    QCOMPARE(source.design().sequences, probeSequences(3, {160, 224}));
    automatic.purpose = "choose";
    QCOMPARE(ProbeSource(automatic, resources_).design().sequences, probeSequences(3, {160, 224}, 25000));
}

void TestProbeDesign::identityNamesEverything() {
    QSet<QString> identities;
    const auto add = [&](const ProbeDesign& changed, const TaskResources& resources) {
        identities.insert(QString::fromStdString(ProbeSource(changed, resources).identity()));
    };
    add(design(), resources_);
    add(design(), test::resources("smollm"));  // the same again
    QCOMPARE(identities.size(), 1);
    ProbeDesign changed = design();
    changed.tasks.pop_back();
    add(changed, resources_);
    changed = design();
    changed.lengths = {224};
    add(changed, resources_);
    changed = design();
    changed.sequences = 6;
    add(changed, resources_);
    changed = design();
    changed.purpose = "choose";
    add(changed, resources_);
    changed = design();
    changed.seed = 2;
    add(changed, resources_);
    add(design(), test::resources("qwen2"));        // another tokenizer
    add(design(), test::resources("smollm", 0.2));  // other held-out text
    QCOMPARE(identities.size(), 8);
}

void TestProbeDesign::wrongDesignsListAllProblems() {
    const auto problems = [this](const ProbeDesign& wrong) {
        QStringList fields;
        try {
            ProbeSource(wrong, resources_);
        } catch (const InputError& error) {
            for (const Problem& p : error.problems()) fields << QString::fromStdString(p.field + " " + p.value);
        }
        return fields;
    };
    QCOMPARE(problems({{}, {}, 4, "measure", 1}), (QStringList{"tasks []", "lengths []"}));
    QCOMPARE(problems({{"mk4", "mk4"}, {160}, 4, "measure", 1}), (QStringList{"tasks mk4", "tasks mk4"}));
    QCOMPARE(problems({{"text"}, {160}, 4, "measure", 1}), (QStringList{"tasks text"}));
    QVERIFY(problems({{"niah_single_1", "nonsense"}, {32}, 4, "measure", 1}).size() >= 2);
}

void TestProbeDesign::stepsOfGatesAlwaysAsk_data() {
    QTest::addColumn<int>("tokens");
    QTest::newRow("one sequence a batch") << 224;
    QTest::newRow("three") << 480;
}

// Also one sequence a batch: then text joins as often as its share says.
void TestProbeDesign::stepsOfGatesAlwaysAsk() {
    QFETCH(int, tokens);
    BatchMix mix;
    mix.tasks = {{"mk4", 0.5}, {"hop4", 0.25}, {"text", 0.25}};
    mix.lengths = {160};
    mix.tokens_per_batch = tokens;
    mix.always_asks = true;
    const BatchSource source(mix, resources_, 12);
    int text = 0, all = 0;
    for (std::int64_t i = 0; i < 600; ++i) {
        const Batch batch = source.batch(i);
        int asking = 0;
        for (const Sample& sample : batch.samples) asking += sample.answers.empty() ? 0 : 1;
        QVERIFY(asking >= 1);
        text += batch.batch - asking;
        all += batch.batch;
    }
    const double share = static_cast<double>(text) / all;
    // Three a batch: the first never is text, so two thirds of the share are left.
    const double expected = tokens < 320 ? 0.25 : 0.25 * 2 / 3;
    QVERIFY2(std::abs(share - expected) < 0.04, qPrintable(QString::number(share)));
}

QTEST_GUILESS_MAIN(TestProbeDesign)
#include "test_probe_design.moc"
