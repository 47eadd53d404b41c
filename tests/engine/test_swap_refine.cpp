// Swap refinement against the same rule written out over objectives from the test's own float64 forward pass.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <QtTest>
#include <bit>
#include <numeric>

#include "core/engine/swap_refine.h"
#include "core/model/device.h"
#include "tests/engine/plan_oracle.h"
#include "tests/support/job_harness.h"
#include "tests/support/tiny_model.h"
#include "tests/support/tolerances.h"

using namespace fm;
using namespace fm::testing;

namespace {

constexpr int kLayers = 5;
const std::vector<int> kOrder = {2, 0, 4, 1, 3};

double objectiveOf(const OracleScores& s) { return s.answer_kl + 0.15 * s.text_kl; }

// Standard error of the mean of the paired differences.
double pairedError(const std::vector<double>& a, const std::vector<double>& b) {
    const double n = static_cast<double>(a.size());
    double mean = 0, squares = 0;
    for (std::size_t i = 0; i < a.size(); ++i) mean += (a[i] - b[i]) / n;
    for (std::size_t i = 0; i < a.size(); ++i) squares += std::pow(a[i] - b[i] - mean, 2);
    return std::sqrt(squares / (n - 1) / n);
}

}  // namespace

class TestSwapRefine : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { setThreads(1); }
    void everyStartEndsWhereTheRuleSays();
    void windowsAndRoundsLimitTheSearch();
    void pinnedLayersStay();
    void nothingToSwap();

private:
    SwapResult refine(const Plan& start, const SwapOptions& options = {}) {
        PlanEvaluator selection(tiny_.weights, &tiny_.branches, selection_set_);
        PlanEvaluator second(tiny_.weights, &tiny_.branches, second_set_);
        return swapRefine(selection, second, start, kOrder, options);
    }
    OracleScores scores(const std::string& plan, const std::vector<Batch>& batches) const {
        return oracleScores(tiny_.weights, tiny_.branches, planOf(plan), batches);
    }
    // One round of the rule; the same plan when no swap is accepted. `refused` tells that the second probe said no.
    std::string byHand(const std::string& plan, bool& refused) const;

    const c10::NoGradGuard no_grad_;
    TinyModel tiny_ = tinyModel(kLayers, at::kDouble, true, {}, 5);
    // Few short sequences, so that the probes disagree now and then.
    std::vector<Batch> selection_ = {tinyBatch(3, 20, 3, 1, 41)}, second_ = {tinyBatch(4, 20, 3, 1, 43)};
    ProbeSet selection_set_ = makeProbeSet(tiny_.weights, selection_);
    ProbeSet second_set_ = makeProbeSet(tiny_.weights, second_);
};

std::string TestSwapRefine::byHand(const std::string& plan, bool& refused) const {
    const double before = objectiveOf(scores(plan, selection_));
    std::string best = plan;
    double gain = 0;
    for (std::size_t out = 0; out < kLayers; ++out) {
        for (std::size_t in = 0; in < kLayers; ++in) {
            if (plan[out] != 'F' || plan[in] != 'L') continue;
            std::string swapped = plan;
            std::swap(swapped[out], swapped[in]);
            const double this_gain = before - objectiveOf(scores(swapped, selection_));
            if (this_gain > gain) gain = this_gain, best = swapped;
        }
    }
    if (best == plan) return plan;
    const OracleScores now = scores(plan, second_), then = scores(best, second_);
    refused = objectiveOf(now) - objectiveOf(then) <= pairedError(now.sample_kl, then.sample_kl);
    return refused ? plan : best;
}

void TestSwapRefine::everyStartEndsWhereTheRuleSays() {
    int accepted = 0, refusals = 0;
    for (unsigned mask = 0; mask < 1u << kLayers; ++mask) {
        if (std::popcount(mask) != 2) continue;
        std::string start;
        for (int l = 0; l < kLayers; ++l) start += (mask >> l) % 2 != 0 ? 'F' : 'L';
        std::string expected = start;
        std::size_t swaps = 0;
        bool refused = false;
        for (int round = 0; round < 4; ++round) {
            const std::string next = byHand(expected, refused);
            if (next == expected) break;
            expected = next;
            ++swaps;
        }
        const SwapResult result = refine(planOf(start));
        QCOMPARE(result.plan.key(), expected);
        QCOMPARE(result.swaps.size(), swaps);
        QVERIFY(near(result.before, objectiveOf(scores(start, selection_)), kPlanScores));
        QVERIFY(near(result.after, objectiveOf(scores(expected, selection_)), 4 * kPlanScores));
        QVERIFY(near(result.second_before, objectiveOf(scores(start, second_)), kPlanScores));
        QVERIFY(near(result.second_after, objectiveOf(scores(expected, second_)), 4 * kPlanScores));
        accepted += static_cast<int>(swaps);
        refusals += refused ? 1 : 0;
    }
    QVERIFY2(accepted > 0 && refusals > 0, "both outcomes of the rule must occur");
}

void TestSwapRefine::windowsAndRoundsLimitTheSearch() {
    SwapOptions none;
    none.max_rounds = 0;
    QCOMPARE(refine(planOf("FFLLL"), none).plan.key(), std::string("FFLLL"));
    // One out, one in: only the last kept layer of the ranking (1) against the first left out (2).
    SwapOptions narrow;
    narrow.window_out = narrow.window_in = narrow.max_rounds = 1;
    const std::string only = "FLFLL";
    const OracleScores now = scores("FFLLL", second_), then = scores(only, second_);
    const bool better = objectiveOf(scores(only, selection_)) < objectiveOf(scores("FFLLL", selection_)) &&
                        objectiveOf(now) - objectiveOf(then) > pairedError(now.sample_kl, then.sample_kl);
    QCOMPARE(refine(planOf("FFLLL"), narrow).plan.key(), better ? only : std::string("FFLLL"));
}

void TestSwapRefine::pinnedLayersStay() {
    for (unsigned mask = 0; mask < 1u << kLayers; ++mask) {
        if (std::popcount(mask) != 2) continue;
        std::string start;
        for (int l = 0; l < kLayers; ++l) start += (mask >> l) % 2 != 0 ? 'F' : 'L';
        Plan plan = planOf(start);
        for (int l : {0, 3}) plan.pins.push_back({l, plan.kinds[static_cast<std::size_t>(l)]});
        const Plan refined = refine(plan).plan;
        QCOMPARE(refined.budget(), 2);
        for (std::size_t l : {0, 3}) QCOMPARE(refined.kinds[l] == LayerKind::Full, start[l] == 'F');
    }
}

void TestSwapRefine::nothingToSwap() {
    for (const char* plan : {"FFFFF", "LLLLL"}) {
        const SwapResult result = refine(planOf(plan));
        QCOMPARE(result.plan.key(), std::string(plan));
        QVERIFY(result.swaps.empty());
        QCOMPARE(result.before, result.after);
    }
}

QTEST_GUILESS_MAIN(TestSwapRefine)
#include "test_swap_refine.moc"
