// Batches are pure functions of (seed, index), held-out ones never meet training ones, prefetching keeps the order.
#include <QElapsedTimer>
#include <QSet>
#include <QTest>
#include <future>

#include "core/base/error.h"
#include "core/data/batch_source.h"
#include "core/data/prefetch.h"
#include "core/data/random.h"
#include "core/data/sample_check.h"
#include "tests/data/data_fixture.h"

using namespace fm;

namespace {

BatchMix wordMix() {
    BatchMix mix;
    mix.tasks = {{"mk4", 3}, {"hop4", 1}, {"text", 1}};
    mix.lengths = {160, 224};
    mix.tokens_per_batch = 2048;
    return mix;
}

}  // namespace

class TestBatchSource : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void counterNumbersAreSplitmix();
    void batchDependsOnSeedAndIndexOnly();
    void masksMarkAnswersAndPadding();
    void lengthsAndSharesAreAsAsked();
    void heldOutSeedsAndTextAreApart();
    void wrongMixListsAllProblems();
    void packingPadsOnTheRight();
    void prefetchKeepsTheOrder();
    void prefetchHandsOnErrors();
    void prefetchStopsEarly();
    void throughput_data();
    void throughput();

private:
    const TaskResources resources_ = test::resources("smollm");
};

// The first outputs of splitmix64 for seed 0 as published with the generator.
void TestBatchSource::counterNumbersAreSplitmix() {
    Rng rng(0);
    QCOMPARE(rng.next(), 0xE220A8397B1DCDAFULL);
    QCOMPARE(rng.next(), 0x6E789E6AA1B965F4ULL);
    QCOMPARE(rng.next(), 0x06C45D188009454FULL);
    const std::vector<std::int32_t> all = Rng(1).distinct(10, 10);
    QCOMPARE(QSet<std::int32_t>(all.begin(), all.end()).size(), 10);
    const std::vector<std::int32_t> some = Rng(2).distinct(1000, 10);
    QCOMPARE(QSet<std::int32_t>(some.begin(), some.end()).size(), 10);
}

void TestBatchSource::batchDependsOnSeedAndIndexOnly() {
    const BatchSource one(wordMix(), resources_, 11), same(wordMix(), resources_, 11), other(wordMix(), resources_, 12);
    const Batch fifth = one.batch(5);
    for (std::int64_t i = 0; i < 5; ++i) same.batch(i);
    QCOMPARE(same.batch(5).ids_BT, fifth.ids_BT);
    QCOMPARE(one.batch(5).answer_BT, fifth.answer_BT);
    auto elsewhere = std::async(std::launch::async, [&] { return one.batch(5); });
    QCOMPARE(elsewhere.get().ids_BT, fifth.ids_BT);
    QVERIFY(one.batch(6).ids_BT != fifth.ids_BT);
    QVERIFY(other.batch(5).ids_BT != fifth.ids_BT);
    QVERIFY(one.batch(std::int64_t{1} << 40).batch > 0);
}

void TestBatchSource::masksMarkAnswersAndPadding() {
    const BatchSource source(wordMix(), resources_, 3);
    for (std::int64_t index = 0; index < 10; ++index) {
        const Batch batch = source.batch(index);
        QCOMPARE(batch.batch, 2048 / batch.tokens);
        QCOMPARE(batch.ids_BT.size(), static_cast<std::size_t>(batch.batch * batch.tokens));
        for (std::int32_t row = 0; row < batch.batch; ++row) {
            const Sample& sample = batch.samples[static_cast<std::size_t>(row)];
            QVERIFY2(checkSample(sample, *resources_.tokenizer).empty(), sample.task.c_str());
            std::vector<TokenId> answer_ids;
            std::int32_t marked = 0;
            for (std::int32_t t = 0; t < batch.tokens; ++t) {
                const auto at = static_cast<std::size_t>(row * batch.tokens + t);
                if (batch.answer_BT[at]) answer_ids.push_back(batch.ids_BT[at]), ++marked;
                QCOMPARE(batch.valid_BT[at] != 0, t < static_cast<std::int32_t>(sample.ids.size()));
            }
            std::string expected;
            for (const Answer& answer : sample.answers) expected += " " + answer.text;
            QCOMPARE(resources_.tokenizer->decode(answer_ids), expected);
            QCOMPARE(marked, test::answerTokens(sample));
        }
    }
}

void TestBatchSource::lengthsAndSharesAreAsAsked() {
    const BatchSource source(wordMix(), resources_, 4);
    QMap<QString, int> tasks;
    QMap<int, int> lengths;
    for (std::int64_t index = 0; index < 200; ++index) {
        const Batch batch = source.batch(index);
        ++lengths[batch.tokens];
        for (const Sample& sample : batch.samples) ++tasks[QString::fromStdString(sample.task)];
    }
    QCOMPARE(lengths.keys(), QList<int>({160, 224}));
    QVERIFY(lengths[160] > 70 && lengths[160] < 130);  // 100 +- 4 standard deviations
    const double total = tasks["mk4"] + tasks["hop4"] + tasks["text"];
    QVERIFY(qAbs(tasks["mk4"] / total - 0.6) < 0.05);
    QVERIFY(qAbs(tasks["hop4"] / total - 0.2) < 0.04);
}

void TestBatchSource::heldOutSeedsAndTextAreApart() {
    BatchMix mix = wordMix();
    const BatchSource train(mix, resources_, 6);
    mix.held_out = true;
    const BatchSource test(mix, resources_, 6);
    QSet<quint64> seeds;
    QSet<QString> rows;
    const auto row = [](const Sample& sample) {
        QString text;
        for (TokenId id : sample.ids) text += QString::number(id) + ' ';
        return text;
    };
    for (std::int64_t index = 0; index < 40; ++index)
        for (const Sample& sample : train.batch(index).samples) seeds.insert(sample.seed), rows.insert(row(sample));
    for (std::int64_t index = 0; index < 40; ++index) {
        for (const Sample& sample : test.batch(index).samples) {
            QVERIFY(!seeds.contains(sample.seed));
            QVERIFY(!rows.contains(row(sample)));
            QVERIFY(sample.seed >> 63);
        }
    }
    for (quint64 seed : seeds) QVERIFY(!(seed >> 63));
}

void TestBatchSource::wrongMixListsAllProblems() {
    BatchMix mix;
    mix.tasks = {{"mk4", -1}, {"nonsense", 1}, {"mk32", 1}};
    mix.lengths = {64, 0};
    mix.tokens_per_batch = 0;
    try {
        const BatchSource source(mix, resources_, 0);
        QFAIL("accepted");
    } catch (const InputError& error) {
        QStringList fields;
        for (const Problem& problem : error.problems()) fields << QString::fromStdString(problem.field);
        QVERIFY2(fields.contains("lengths") && fields.contains("tokens_per_batch") && fields.contains("tasks.mk4") &&
                     fields.contains("tasks"),
                 qPrintable(fields.join(' ')));
    }
    BatchMix too_short = wordMix();
    too_short.lengths = {1000, 64};
    too_short.tasks = {{"mk32", 1}};
    QVERIFY_THROWS_EXCEPTION(InputError, BatchSource(too_short, resources_, 0));
}

void TestBatchSource::packingPadsOnTheRight() {
    Sample longer, shorter;
    longer.ids = {5, 6, 7, 8};
    longer.answers = {{2, 2, "", 0, 0}};
    shorter.ids = {9, 10};
    const Batch batch = packBatch({longer, shorter}, 1);
    QCOMPARE(batch.batch, 2);
    QCOMPARE(batch.tokens, 4);
    QCOMPARE(batch.ids_BT, (std::vector<TokenId>{5, 6, 7, 8, 9, 10, 1, 1}));
    QCOMPARE(batch.answer_BT, (std::vector<std::uint8_t>{0, 0, 1, 1, 0, 0, 0, 0}));
    QCOMPARE(batch.valid_BT, (std::vector<std::uint8_t>{1, 1, 1, 1, 1, 1, 0, 0}));
}

void TestBatchSource::prefetchKeepsTheOrder() {
    const BatchSource source(wordMix(), resources_, 7);
    for (int threads : {1, 3}) {
        BatchPrefetcher prefetcher(source, 10, threads, 4);
        for (std::int64_t index = 10; index < 40; ++index)
            QCOMPARE(prefetcher.next().ids_BT, source.batch(index).ids_BT);
    }
}

void TestBatchSource::prefetchHandsOnErrors() {
    const BatchPrefetcher::Make make = [](std::int64_t index) -> Batch {
        if (index == 3) throw WorldError("no third batch");
        Batch batch;
        batch.tokens = static_cast<std::int32_t>(index);
        return batch;
    };
    BatchPrefetcher prefetcher(make, 0, 2, 3);
    for (std::int32_t index = 0; index < 3; ++index) QCOMPARE(prefetcher.next().tokens, index);
    QVERIFY_THROWS_EXCEPTION(WorldError, prefetcher.next());
    QCOMPARE(prefetcher.next().tokens, 4);
}

void TestBatchSource::prefetchStopsEarly() {
    const BatchSource source(wordMix(), resources_, 9);
    QElapsedTimer timer;
    timer.start();
    {
        BatchPrefetcher prefetcher(source, 0, 2, 1000000);
        prefetcher.next();
    }
    QVERIFY2(timer.elapsed() < 5000, "the destructor waits only for batches in the making");
}

void TestBatchSource::throughput_data() {
    QTest::addColumn<QString>("task");
    QTest::addColumn<int>("length");
    QTest::newRow("mk8") << "mk8" << 160;
    QTest::newRow("mk16") << "mk16" << 640;
    QTest::newRow("hop16") << "hop16" << 640;
    QTest::newRow("text") << "text" << 640;
}

// Prints tokens per second and thread. The bound is far below what is measured (tens of millions), because test
// machines are shared and tests run under sanitizers; it catches text work creeping into the path of every sample.
void TestBatchSource::throughput() {
    QFETCH(QString, task);
    QFETCH(int, length);
    BatchMix mix;
    mix.tasks = {{task.toStdString(), 1}};
    mix.lengths = {length};
    mix.tokens_per_batch = 32768;
    const BatchSource source(mix, resources_, 1);
    source.batch(0);
    QElapsedTimer timer;
    timer.start();
    std::int64_t tokens = 0;
    for (std::int64_t index = 1; timer.elapsed() < 150; ++index)
        tokens += static_cast<std::int64_t>(source.batch(index).ids_BT.size());
    const double rate = static_cast<double>(tokens) / (static_cast<double>(timer.nsecsElapsed()) * 1e-9);
    qInfo("%s: %.2f Mtok/s per thread", qPrintable(task), rate * 1e-6);
    QVERIFY(rate > 2e5);
}

QTEST_GUILESS_MAIN(TestBatchSource)
#include "test_batch_source.moc"
