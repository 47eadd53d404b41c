// Predictions from measured plans: a made-up study whose truth is known.
#include <QTest>

#include <cmath>

#include "core/plan/gate_plan.h"
#include "core/plan/plan_spelling.h"
#include "tests/support/measured_fixture.h"
#include "widgets/state/cost_state.h"
#include "widgets/state/recall_predictor.h"

using namespace fm;

namespace {

constexpr int kLayers = 8;
const std::vector<double> kSingle{0.30, 0.05, 0.10, 0.40, 0.02, 0.08, 0.20, 0.01};

// Truth: KL = 1.5 * (sum of singles)^0.8, recall = exp(-2 KL).
double trueKl(const std::string& plan) {
    double sum = 0;
    for (std::size_t l = 0; l < plan.size(); ++l) sum += plan[l] == 'L' ? kSingle[l] : 0;
    return 1.5 * std::pow(sum, 0.8);
}

MeasuredPlan measured(const std::string& plan) {
    MeasuredPlan m;
    m.plan = plan;
    const double kl = trueKl(plan), recall = std::exp(-2 * kl);
    m.answer_kl = {kl, 0.9 * kl, 1.1 * kl, 40};
    m.exact_match = {recall, 0.9 * recall, std::min(1.0, 1.1 * recall), 40};
    m.planned_sequences = 40;
    m.complete = m.measured = true;
    m.identity = fixture::kProbeA;
    m.source = "probe";
    return m;
}

Measurements study(const std::vector<std::string>& plans) {
    Measurements all;
    all.branches = "b";
    all.effects.single = kSingle;
    for (const std::string& plan : plans) all.plans.push_back(measured(plan));
    return all;
}

const std::vector<std::string> kProbed{"FFFFFFFF", "LFFFFFFF", "LLFFLLFL", "LLLLLLLL",
                                       "FLLFLLFL", "FLLFLLLL", "FFLLLLFF", "FLFFLFFF"};

}  // namespace

class TestRecallPredictor : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void saysWhatIsMissing() {
        QVERIFY(!RecallPredictor().ready());
        Measurements nothing_alone = study(kProbed);
        nothing_alone.effects = {};
        QVERIFY(QString::fromStdString(RecallPredictor(nothing_alone).missing()).contains("Interdependence"));
        const RecallPredictor two(study({"FFFFFFFF", "LLLLLLLL"}));
        QVERIFY(QString::fromStdString(two.missing()).contains("1 more"));
        QVERIFY(!two.predict(Plan::fromFullLayers(kLayers, {0})));
        Measurements unfinished = study(kProbed);
        unfinished.effects.single[2] = std::nan("");
        QVERIFY(!RecallPredictor(unfinished).ready());
    }

    void findsTheTruthOfPlansNeverMeasured() {
        const RecallPredictor predictor(study(kProbed));
        QVERIFY(predictor.ready());
        for (const std::string plan : {"FLFFLLFL", "FLLLLLFL", "LLLFLLFF", "FFFFLFFL"}) {
            const std::optional<Prediction> p = predictor.predict(planFromKey(plan));
            QVERIFY2(std::abs(std::log(p->answer_kl / trueKl(plan))) < 0.15, plan.c_str());
            QVERIFY2(std::abs(p->exact_match - std::exp(-2 * trueKl(plan))) < 0.08, plan.c_str());
        }
        const Prediction teacher = *predictor.predict(planFromKey("FFFFFFFF"));
        QCOMPARE(teacher.answer_kl, 0.0);
        QCOMPARE(teacher.exact_match, 1.0);
        QVERIFY(teacher.exact_match_error < 0.2);
    }

    void moreLinearLayersNeverPredictMoreRecall() {
        const RecallPredictor predictor(study(kProbed));
        std::string plan(kLayers, 'F');
        double before = 1;
        for (const int layer : {7, 4, 1, 5, 2, 6, 0, 3}) {
            plan[static_cast<std::size_t>(layer)] = 'L';
            const double recall = predictor.predict(planFromKey(plan))->exact_match;
            QVERIFY(recall <= before + 1e-12);
            before = recall;
        }
    }

    void pairsCount() {
        Measurements all = study(kProbed);
        all.effects.extra[{1, 2}] = 0.5;
        const Plan both = planFromKey("FLLFFFFF");
        QVERIFY(RecallPredictor(all).predict(both)->answer_kl >
                1.5 * RecallPredictor(study(kProbed)).predict(both)->answer_kl);
    }

    // Figures of another probe are on another scale: five of them, all wrong, change no prediction.
    void learnsFromTheShownProbeOnly() {
        Measurements all = study(kProbed);
        const Plan plan = planFromKey("FLFFLLFL");
        const double before = RecallPredictor(all).predict(plan)->exact_match;
        for (const char* key : {"FLFFFFFF", "FFFFLLFL", "FLFFLLLL", "FLLFFLFL", "LLFFLLLL"}) {
            MeasuredPlan other = measured(key);
            other.identity = fixture::kProbeB;
            other.exact_match.value = 0;
            all.plans.push_back(other);
        }
        QCOMPARE(RecallPredictor(all).predict(plan)->exact_match, before);
        all.wanted_probe = fixture::kProbeB;
        QVERIFY(RecallPredictor(all).predict(plan)->exact_match < 0.1);
    }

    void neverShowsAPredictionAsAMeasurement() {
        CostState cost;
        cost.setMeasurements(study(kProbed));
        cost.setPlan(planFromKey("FLFFLLFL"));
        QVERIFY(!cost.measured() && cost.predicted());
        QVERIFY(!cost.cost());  // no shape yet
        MeasuredPlan probe = measured("FLFFLLFL");
        cost.addMeasured(probe);
        QVERIFY(cost.measured() && cost.measured()->exact_match.value == probe.exact_match.value);
        cost.setPlan(planFromKey("FLFFLLFF"));
        QVERIFY(!cost.measured());
    }

    void asksForAProbeOnceThePlanRests() {
        CostState cost;
        QList<QString> wanted;
        connect(&cost, &CostState::probeWanted, this,
                [&](const Plan& plan) { wanted << QString::fromStdString(plan.key()); });
        cost.setProbesAllowed(true);
        for (const char* plan : {"FFFFFFFL", "FFFFFFLL", "FFFFFLLL"}) cost.setPlan(planFromKey(plan));
        QTRY_COMPARE_WITH_TIMEOUT(wanted.size(), 1, 2000);
        QCOMPARE(wanted[0], QString("FFFFFLLL"));
        cost.setMeasuring("FFFFFLLL", true);
        QVERIFY(cost.measuring());
        cost.setPlan(planFromKey("FFFFLLLL"));  // changed meanwhile
        QTest::qWait(600);
        QCOMPARE(wanted.size(), 1);
        cost.addMeasured(measured("FFFFFLLL"));
        cost.setMeasuring("FFFFFLLL", false);
        QTRY_COMPARE_WITH_TIMEOUT(wanted.size(), 2, 2000);
        QCOMPARE(wanted[1], QString("FFFFLLLL"));
    }

    // A part refines what is shown; a plan that was left keeps its part, and is asked for again.
    void partsRefineAndAreKept() {
        CostState cost;
        QList<QString> wanted;
        connect(&cost, &CostState::probeWanted, this,
                [&](const Plan& plan) { wanted << QString::fromStdString(plan.key()); });
        cost.setProbesAllowed(true);
        cost.setPlan(planFromKey("FFFFFLLL"));
        MeasuredPlan part = measured("FFFFFLLL");
        part.complete = part.measured = false;
        for (const int n : {8, 16, 24}) {
            part.exact_match.n = part.answer_kl.n = n;
            cost.addMeasured(part);
            QCOMPARE(cost.measured()->exact_match.n, std::int64_t(n));
        }
        QCOMPARE(cost.measurements().plans.size(), std::size_t{1});  // each takes the place of the last
        QVERIFY(!cost.isComplete());
        cost.setMeasurements({});  // the study's files are read again: they know nothing of it yet
        QCOMPARE(cost.measured()->exact_match.n, std::int64_t(24));
        QTRY_VERIFY_WITH_TIMEOUT(wanted.contains("FFFFFLLL"), 2000);
        Measurements read;
        read.plans = {measured("FFFFFLLL")};
        const MeasuredPlan before = *cost.measured();
        cost.forget();  // another study
        QVERIFY(!cost.measured() && cost.measurements().empty());
        cost.addMeasured(before);
        cost.setMeasurements(read);
        QVERIFY(cost.isComplete());
        QCOMPARE(cost.measurements().plans.size(), std::size_t{1});
    }

    void showsOneProbeAtATime() {
        CostState cost;
        Measurements two;
        two.plans = {measured("FFFFFLLL"), measured("FFFFLLLL")};
        two.plans.push_back(measured("FFFFFLLL"));
        two.plans.back().identity = fixture::kProbeB;
        two.plans.back().exact_match.value = 0.11;
        cost.setMeasurements(two);
        cost.setPlan(planFromKey("FFFFFLLL"));
        QVERIFY(cost.measured()->exact_match.value != 0.11);  // the probe of most plans
        cost.showProbe(fixture::kProbeB);
        QCOMPARE(cost.measured()->exact_match.value, 0.11);
        cost.setPlan(planFromKey("FFFFLLLL"));
        QVERIFY(!cost.measured());
    }
};

QTEST_GUILESS_MAIN(TestRecallPredictor)
#include "test_recall_predictor.moc"
