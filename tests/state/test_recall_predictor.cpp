// Predictions from measured plans: a made-up study whose truth is known.
#include <QTemporaryDir>
#include <QTest>

#include <cmath>

#include "core/run/gate_plan.h"
#include "core/store/run_reader.h"
#include "tests/state/gate_run_fixture.h"
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
    m.answer_kl = trueKl(plan);
    m.exact_match = std::exp(-2 * m.answer_kl);
    m.answers = 100;
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

    void theProbeWithMostAnswersCounts() {
        Measurements all = study({"LLLLLLLL"});
        MeasuredPlan quick = measured("LLLLLLLL");
        quick.answers = 10;
        quick.exact_match = 0.77;
        all.plans.push_back(quick);
        QVERIFY(all.find("LLLLLLLL")->exact_match < 0.5);
        QCOMPARE(all.distinct().size(), std::size_t{1});
        QVERIFY(all.find("FFFFFFFF") == nullptr);
    }

    void readsMeasurementsFromRunFiles() {
        QTemporaryDir folder;
        fixture::Writer writer(folder.path().toStdString(), fixture::gateHeader(4));
        writer.row(1, fixture::probe("FFLL", 0.2, 0.7, 50));
        writer.row(1, fixture::probe("FLLL", 0.4, 0.5, 50));
        writer.finish();
        writer.flush();
        const Measurements found = measurementsOf(RunReader(writer.path()), {});
        QCOMPARE(QString::fromStdString(found.branches), QString("branches1"));
        QCOMPARE(found.plans.size(), std::size_t{2});
        QCOMPARE(found.plans[1].budget, 1);
        QCOMPARE(found.plans[1].exact_match, 0.5);
        // Another branch set makes earlier measurements void.
        Measurements all = found, other = found;
        addMeasurements(found, all);
        QCOMPARE(all.plans.size(), std::size_t{4});
        other.branches = "branches2";
        addMeasurements(other, all);
        QCOMPARE(all.plans.size(), std::size_t{2});
        // The teacher's own plan is measured without branches: it makes nothing void, and stays.
        Measurements teacher;
        teacher.plans = {measured("FFFF")};
        addMeasurements(teacher, all);
        QCOMPARE(all.plans.size(), std::size_t{3});
        QCOMPARE(all.branches, std::string("branches2"));
        addMeasurements(found, all);
        QCOMPARE(all.plans.size(), std::size_t{3});
        QVERIFY(all.find("FFFF"));
    }

    void neverShowsAPredictionAsAMeasurement() {
        CostState cost;
        cost.setMeasurements(study(kProbed));
        cost.setPlan(planFromKey("FLFFLLFL"));
        QVERIFY(!cost.measured() && cost.predicted());
        QVERIFY(!cost.cost());  // no shape yet
        MeasuredPlan probe = measured("FLFFLLFL");
        cost.addMeasured(probe);
        QVERIFY(cost.measured() && cost.measured()->exact_match == probe.exact_match);
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
};

QTEST_GUILESS_MAIN(TestRecallPredictor)
#include "test_recall_predictor.moc"
