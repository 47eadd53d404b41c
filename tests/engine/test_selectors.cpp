// Rules that turn numbers into plans, against published vectors and hand-made cases.
#include <QtTest>

#include "core/base/error.h"
#include "core/engine/select.h"
#include "core/plan/discretise.h"
#include "core/plan/pins.h"
#include "core/plan/plan_cost.h"
#include "core/plan/plan_spelling.h"

using namespace fm;

class TestSelectors : public QObject {
    Q_OBJECT
private Q_SLOTS:
    // By hand from the two conventions: floor(30/8) = 3 apart, or the last of each block.
    void uniformConventions() {
        QCOMPARE(uniformA(30, 8).fullLayers(), (std::vector<int>{0, 3, 6, 9, 12, 15, 18, 21}));
        QCOMPARE(uniformB(30, 8).fullLayers(), (std::vector<int>{2, 6, 10, 14, 17, 21, 25, 29}));
        QCOMPARE(uniformB(28, 7).fullLayers(), (std::vector<int>{3, 7, 11, 15, 19, 23, 27}));
    }

    void numberOfPlans() {
        QCOMPARE(binomial(28, 7), std::int64_t{1184040});
        QCOMPARE(binomial(12, 3), std::int64_t{220});
        QCOMPARE(binomial(36, 9), std::int64_t{94143280});
        QCOMPARE(binomial(400, 200), std::int64_t{1} << 62);
    }

    void tiesAreBrokenByTheSecondThenTheThirdThenTheIndex() {
        const LayerRanking ranking{{1, 1, 1, 1, 0}, {0.5, 0.9, 0.5, 0.5, 1}, {3, 0, 7, 3, 9}};
        QCOMPARE(rankedLayers(ranking), (std::vector<int>{1, 2, 0, 3, 4}));
    }

    void pinsAreConstraints() {
        const LayerRanking ranking{{0.9, 0.8, 0.7, 0.6, 0.5}, {}, {}};
        const std::vector<Pin> pins = {{4, LayerKind::Full}, {0, LayerKind::Linear}};
        QCOMPARE(discretise(ranking, 2, pins).fullLayers(), (std::vector<int>{1, 4}));
        QCOMPARE(discretise(ranking, 4, pins).fullLayers(), (std::vector<int>{1, 2, 3, 4}));
        QVERIFY_EXCEPTION_THROWN(discretise(ranking, 0, pins), InputError);
        QVERIFY_EXCEPTION_THROWN(discretise(ranking, 5, pins), InputError);
        QVERIFY_EXCEPTION_THROWN(discretise(ranking, 2, {{7, LayerKind::Full}}), InputError);
        QVERIFY_EXCEPTION_THROWN(discretise(ranking, 2, {{1, LayerKind::Full}, {1, LayerKind::Linear}}), InputError);
    }

    void plansByHand() {
        QCOMPARE(planFromLayers("1,3", 5).fullLayers(), (std::vector<int>{1, 3}));
        QCOMPARE(planFromLayers("all", 3).budget(), 3);
        QCOMPARE(planFromLayers("none", 3).budget(), 0);
        for (const char* bad : {"", "1,", "5", "-1", "1,1", "x"})
            QVERIFY_EXCEPTION_THROWN(planFromLayers(bad, 5), InputError);
        std::vector<Problem> problems;
        QCOMPARE(parsePins({"0=full", "3=linear"}, problems).size(), std::size_t{2});
        QVERIFY(problems.empty());
        parsePins({"0", "a=full", "1=half"}, problems);
        QCOMPARE(problems.size(), std::size_t{3});
    }

    // By hand, Qwen3-1.7B: 4 KB of cache per token and layer in bf16, 1 MiB of fp32 state per layer.
    void costOfQwen17() {
        ModelShape shape;
        shape.vocab_size = 151936;
        shape.hidden_size = 2048;
        shape.intermediate_size = 6144;
        shape.num_layers = 28;
        shape.num_heads = 16;
        shape.num_kv_heads = 8;
        shape.head_dim = 128;
        const PlanCost cost = planCost(shape, uniformA(28, 7));
        QCOMPARE(cost.kv_bytes_per_token, std::int64_t{7 * 4096});
        QCOMPARE(cost.state_bytes, std::int64_t{21} << 20);
        QCOMPARE(cost.kv_share, 0.25);
        QVERIFY(cost.decode_speedup > 1);
        QCOMPARE(planCost(shape, uniformA(28, 28)).decode_speedup, 1.0);
    }
};

QTEST_GUILESS_MAIN(TestSelectors)
#include "test_selectors.moc"
