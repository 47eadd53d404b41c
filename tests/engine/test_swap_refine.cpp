// Swap refinement against the same rule written out over objectives from the test's own float64 forward pass.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <QtTest>
#include <algorithm>
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

constexpr double kTextWeight = 0.15;

double objectiveOf(const OracleScores& s) { return s.answer_kl + kTextWeight * s.text_kl; }

// Lower end of the 95 % interval of the objective's gain: Student's t over the paired differences of answers and of
// text, their variances added with the weight of text squared (Welch-Satterthwaite).
double lowerGain(const OracleScores& now, const OracleScores& then) {
    struct Part {
        double mean = 0, variance = 0, df = 1;
    };
    const auto part = [](const std::vector<double>& a, const std::vector<double>& b) {
        Part p;
        const double n = static_cast<double>(a.size());
        for (std::size_t i = 0; i < a.size(); ++i) p.mean += (a[i] - b[i]) / n;
        for (std::size_t i = 0; i < a.size(); ++i) p.variance += std::pow(a[i] - b[i] - p.mean, 2) / (n - 1) / n;
        p.df = n - 1;
        return p;
    };
    const Part kl = part(now.sample_kl, then.sample_kl), text = part(now.sample_text_kl, then.sample_text_kl);
    const double va = kl.variance, vb = kTextWeight * kTextWeight * text.variance;
    const double df = (va + vb) * (va + vb) / (va * va / kl.df + vb * vb / text.df);
    return kl.mean + kTextWeight * text.mean - studentQuantile(0.975, df) * std::sqrt(va + vb);
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
    // One round of the rule; the same plan when no swap is accepted. `refused` counts what the second probe refused.
    std::string byHand(const std::string& plan, int& refused) const;

    const c10::NoGradGuard no_grad_;
    TinyModel tiny_ = tinyModel(kLayers, at::kDouble, true, {}, 5);
    // Few short sequences, so that the probes disagree now and then.
    std::vector<Batch> selection_ = {tinyBatch(6, 20, 3, 2, 41)}, second_ = {tinyBatch(9, 20, 3, 4, 43)};
    ProbeSet selection_set_{tiny_.weights, selection_};
    ProbeSet second_set_{tiny_.weights, second_};
};

std::string TestSwapRefine::byHand(const std::string& plan, int& refused) const {
    const double before = objectiveOf(scores(plan, selection_));
    std::vector<std::pair<double, std::string>> gains;
    for (std::size_t out = 0; out < kLayers; ++out) {
        for (std::size_t in = 0; in < kLayers; ++in) {
            if (plan[out] != 'F' || plan[in] != 'L') continue;
            std::string swapped = plan;
            std::swap(swapped[out], swapped[in]);
            const double gain = before - objectiveOf(scores(swapped, selection_));
            if (gain > 0) gains.emplace_back(gain, swapped);
        }
    }
    std::stable_sort(gains.begin(), gains.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    const OracleScores now = scores(plan, second_);
    for (const auto& [gain, swapped] : gains) {
        if (lowerGain(now, scores(swapped, second_)) > 0) return swapped;
        ++refused;
    }
    return plan;
}

void TestSwapRefine::everyStartEndsWhereTheRuleSays() {
    int accepted = 0, refusals = 0;
    for (unsigned mask = 0; mask < 1u << kLayers; ++mask) {
        if (std::popcount(mask) != 2) continue;
        std::string start;
        for (int l = 0; l < kLayers; ++l) start += (mask >> l) % 2 != 0 ? 'F' : 'L';
        std::string expected = start;
        std::size_t swaps = 0;
        int refused = 0;
        for (int round = 0; round < 4; ++round) {
            const std::string next = byHand(expected, refused);
            if (next == expected) break;
            expected = next;
            ++swaps;
        }
        const SwapResult result = refine(planOf(start));
        QCOMPARE(result.plan.key(), expected);
        QCOMPARE(result.swaps.size(), swaps);
        QCOMPARE(static_cast<int>(result.refused.size()), refused);
        accepted += static_cast<int>(swaps);
        refusals += refused;
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
    const bool better =
        objectiveOf(scores(only, selection_)) < objectiveOf(scores("FFLLL", selection_)) && lowerGain(now, then) > 0;
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
    }
}

QTEST_GUILESS_MAIN(TestSwapRefine)
#include "test_swap_refine.moc"
