// Quantiles against SciPy, ends against closed forms, and what no formula shows: how often the intervals of simulated
// probes hold the truth. The probes are drawn from recorded scores of single sequences (fixtures/probe/README.md).
#include <QFile>
#include <QTest>

#include <cmath>
#include <map>
#include <random>

#include "core/plan/intervals.h"
#include "core/plan/probe_scores.h"

using namespace fm;

namespace {

struct Recorded {
    std::vector<SequenceScore> sequences;  // of one plan
};

// plan, task, tokens, KL, share of exact answers; one line for each sequence.
std::map<std::string, Recorded> recordedPlans(const QString& path) {
    std::map<std::string, Recorded> plans;
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) return plans;
    while (!file.atEnd()) {
        const QList<QByteArray> cells = file.readLine().trimmed().split(',');
        if (cells.size() != 5 || cells[0] == "plan") continue;
        SequenceScore score;
        score.task = cells[1].toStdString();
        score.tokens = cells[2].toInt();
        score.kl = cells[3].toDouble();
        score.exact = cells[4].toDouble();
        const bool text = score.task == kTextTask;
        score.rows = 1;
        score.answers = text ? 0 : 1;
        plans[cells[0].toStdString()].sequences.push_back(score);
    }
    return plans;
}

using CellKey = std::pair<std::string, int>;
std::map<CellKey, std::vector<SequenceScore>> cellsOf(const Recorded& plan) {
    std::map<CellKey, std::vector<SequenceScore>> cells;
    for (const SequenceScore& s : plan.sequences) cells[{s.task, s.tokens}].push_back(s);
    return cells;
}

// KL of a model that does not know the answers, as the probe of the built-in teacher records it.
constexpr double kScale = 4.48;

struct Coverage {
    double kl = 0, exact = 0, text = 0;
};

// Share of `probes` simulated probes with n sequences a cell whose intervals hold the mean over all recorded ones.
Coverage coverageOf(const Recorded& plan, int n, int probes, unsigned seed) {
    const auto cells = cellsOf(plan);
    const ProbeScores truth = summarise(plan.sequences, kScale, 0, "");
    std::mt19937 engine(seed);
    Coverage coverage;
    for (int i = 0; i < probes; ++i) {
        std::vector<SequenceScore> drawn;
        for (const auto& [cell, population] : cells) {
            for (int j = 0; j < n; ++j) drawn.push_back(population[engine() % population.size()]);
        }
        const ProbeScores probe = summarise(drawn, kScale, 0, "");
        const auto holds = [](const Estimate& e, double value) {
            return e.low <= value && value <= e.high ? 1.0 : 0.0;
        };
        coverage.kl += holds(probe.answer_kl, truth.answer_kl.value) / probes;
        coverage.exact += holds(probe.exact_match, truth.exact_match.value) / probes;
        coverage.text += holds(probe.text_kl, truth.text_kl.value) / probes;
    }
    return coverage;
}

}  // namespace

class TestIntervals : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void betaQuantiles_data();
    void betaQuantiles();
    void studentQuantiles();
    void oneStratumOfYesAndNoIsNearJeffreys();
    void noIntervalHasTheWidthZero();
    void strataCountAlike();
    void openMeanIsStudents();
    void pairedDifferenceForgetsWhatBothShare();
    void summedDifferenceAddsBothNoises();
    void mediansByOrderStatistics();
    void simulatedProbesHoldTheTruth_data();
    void simulatedProbesHoldTheTruth();
    void aProbeThatGrowsHoldsTheTruthAtEveryLook();
};

// scipy.stats.beta.ppf, SciPy 1.17.1
void TestIntervals::betaQuantiles_data() {
    QTest::addColumn<double>("p");
    QTest::addColumn<double>("a");
    QTest::addColumn<double>("b");
    QTest::addColumn<double>("expected");
    QTest::newRow("Jeffreys 0 of 8, low") << 0.025 << 0.5 << 8.5 << 5.949030289440215e-05;
    QTest::newRow("Jeffreys 0 of 8, high") << 0.975 << 0.5 << 8.5 << 0.2622172487171857;
    QTest::newRow("small") << 0.975 << 0.33 << 5.67 << 0.312142415425873;
    QTest::newRow("middle") << 0.5 << 2.0 << 3.0 << 0.3857275681323895;
    QTest::newRow("near one") << 0.025 << 40.2 << 3.1 << 0.83603390630618;
    QTest::newRow("tiny a") << 0.975 << 0.01 << 5.0 << 0.010386887238859577;
    QTest::newRow("large") << 0.025 << 300.0 << 700.0 << 0.27199835569079106;
    QTest::newRow("extreme") << 0.975 << 3000.5 << 0.7 << 0.9999985007358483;
}

void TestIntervals::betaQuantiles() {
    QFETCH(double, p);
    QFETCH(double, a);
    QFETCH(double, b);
    QFETCH(double, expected);
    QVERIFY2(std::abs(betaQuantile(p, a, b) - expected) < 1e-12,
             qPrintable(QString::number(betaQuantile(p, a, b), 'g', 17)));
}

// scipy.stats.t.ppf, SciPy 1.17.1
void TestIntervals::studentQuantiles() {
    const double table[][3] = {{0.975, 1, 12.706204736174694},  {0.975, 2.5, 3.5746548420036817},
                               {0.975, 7, 2.364624251592784},   {0.975, 38.2, 2.0240461570444688},
                               {0.025, 4, -2.7764451051977943}, {0.975, 1e6, 1.959966356814107}};
    for (const auto& [p, df, expected] : table)
        QVERIFY2(std::abs(studentQuantile(p, df) - expected) < 1e-7, qPrintable(QString::number(df)));
    QCOMPARE(studentQuantile(0.5, 3), 0.0);
}

// Jeffreys: Beta(x + 1/2, n - x + 1/2). The module's pseudo-observations are a little stronger (3/4).
void TestIntervals::oneStratumOfYesAndNoIsNearJeffreys() {
    for (const int successes : {0, 1, 8, 30, 39, 40}) {
        std::vector<double> values(40, 0.0);
        std::fill_n(values.begin(), successes, 1.0);
        const Estimate e = boundedMean({values}, 0, 1);
        QCOMPARE(e.n, std::int64_t{40});
        QCOMPARE(e.value, successes / 40.0);
        const double low = betaQuantile(0.025, successes + 0.5, 40 - successes + 0.5);
        const double high = betaQuantile(0.975, successes + 0.5, 40 - successes + 0.5);
        QVERIFY2(
            std::abs(e.low - low) < 0.03 && std::abs(e.high - high) < 0.03,
            qPrintable(QString("%1: %2 %3, Jeffreys %4 %5").arg(successes).arg(e.low).arg(e.high).arg(low).arg(high)));
    }
}

void TestIntervals::noIntervalHasTheWidthZero() {
    for (const double value : {0.0, 0.5, 1.0}) {
        for (const std::size_t n : {1, 2, 10, 1000}) {
            const Estimate e = boundedMean({std::vector<double>(n, value)}, 0, 1);
            QVERIFY(e.low < e.high && e.low <= value && value <= e.high);
        }
    }
    QVERIFY(boundedMean({std::vector<double>(10, 1.0)}, 0, 1).low < 0.95);  // ten of ten says little
    QVERIFY(!boundedMean({}, 0, 1).known() && !boundedMean({{}, {}}, 0, 1).known());
}

void TestIntervals::strataCountAlike() {
    const Strata strata = {{1, 1, 1, 1, 1, 1, 1, 1}, {0, 0, 0, 0}};
    QCOMPARE(boundedMean(strata, 0, 1).value, 0.5);
    QCOMPARE(openMean(strata).value, 0.5);
    QCOMPARE(boundedMean(strata, 0, 1).n, std::int64_t{12});
}

// Mean 3, variance 2.5, n 5: 2.7764451051977934 * sqrt(0.5) by hand.
void TestIntervals::openMeanIsStudents() {
    const Estimate e = openMean({{1, 2, 3, 4, 5}});
    QCOMPARE(e.value, 3.0);
    QVERIFY(std::abs(e.high - 3 - 2.7764451051977934 * std::sqrt(0.5)) < 1e-6);
    QVERIFY(std::abs(3 - e.low - (e.high - 3)) < 1e-12);
    const Estimate one = openMean({{2}});
    QVERIFY(one.low <= 0 && one.high >= 4);
}

void TestIntervals::pairedDifferenceForgetsWhatBothShare() {
    std::vector<double> a, b;
    for (int i = 0; i < 60; ++i) {
        a.push_back(0.5 + 0.5 * std::sin(i));  // a large common part
        b.push_back(a.back() - 0.2);
    }
    const Estimate paired = pairedDifference({a}, {b}, 2);
    QVERIFY(std::abs(paired.value - 0.2) < 1e-12 && paired.excludesZero());
    const Estimate own_a = boundedMean({a}, -1, 2), own_b = boundedMean({b}, -1, 2);
    QVERIFY(own_a.low < own_b.high);  // unpaired the two overlap
    QVERIFY(!pairedDifference({a}, {a}, 2).excludesZero());
}

// Variances 2.5 / 5 and 0.16 * 10 / 5: sqrt of the sum times t with Welch-Satterthwaite's degrees of freedom.
void TestIntervals::summedDifferenceAddsBothNoises() {
    const Estimate e = summedDifference({{1, 2, 3, 4, 5}}, {{2, 4, 6, 8, 10}}, 0.4);
    QVERIFY(std::abs(e.value - (3 + 0.4 * 6)) < 1e-12);
    const double va = 0.5, vb = 0.16 * 2.0;
    const double df = (va + vb) * (va + vb) / (va * va / 4 + vb * vb / 4);
    QVERIFY(std::abs(e.high - e.value - studentQuantile(0.975, df) * std::sqrt(va + vb)) < 1e-9);
}

// Ranks 2 and 9 of 10 (binomial tail 11/1024 at 1, 56/1024 at 2): published tables give the 2nd and 9th value.
void TestIntervals::mediansByOrderStatistics() {
    const Estimate e = medianInterval({5, 1, 9, 3, 7, 2, 10, 4, 8, 6});
    QCOMPARE(e.value, 5.5);
    QCOMPARE(e.low, 2.0);
    QCOMPARE(e.high, 9.0);
    const Estimate few = medianInterval({3, 1, 2});
    QCOMPARE(few.low, 1.0);
    QCOMPARE(few.high, 3.0);
}

void TestIntervals::simulatedProbesHoldTheTruth_data() {
    QTest::addColumn<QString>("file");
    QTest::addColumn<int>("n");
    for (const char* file : {"one_length.csv", "three_lengths.csv"}) {
        for (const int n : {8, 17, 32}) QTest::addRow("%s, n %d", file, n) << QString(file) << n;
    }
}

// 1000 probes each: a true coverage of 95 % reads 93.6 to 96.4 % in 19 of 20 cases. Over the plans 92 to 98 %; a single
// plan may read up to 99 %, since the one that is nearly perfect rests on a few rare sequences, which an interval can
// only take in or leave out.
void TestIntervals::simulatedProbesHoldTheTruth() {
    QFETCH(QString, file);
    QFETCH(int, n);
    const auto plans = recordedPlans(QStringLiteral(FM_FIXTURES "/probe/") + file);
    QVERIFY(plans.size() >= 2);
    Coverage mean;
    for (const auto& [name, plan] : plans) {
        const Coverage coverage = coverageOf(plan, n, 1000, 7);
        const QString said = QString("%1: answer KL %2, exact match %3, text KL %4")
                                 .arg(QString::fromStdString(name))
                                 .arg(coverage.kl)
                                 .arg(coverage.exact)
                                 .arg(coverage.text);
        qInfo().noquote() << said;
        for (const double share : {coverage.kl, coverage.exact, coverage.text})
            QVERIFY2(share >= 0.92 && share <= 0.99, qPrintable(said));
        const double part = 1.0 / static_cast<double>(plans.size());
        mean.kl += part * coverage.kl, mean.exact += part * coverage.exact, mean.text += part * coverage.text;
    }
    for (const double share : {mean.kl, mean.exact, mean.text})
        QVERIFY2(share >= 0.92 && share <= 0.98, qPrintable(QString::number(share)));
}

void TestIntervals::aProbeThatGrowsHoldsTheTruthAtEveryLook() {
    const auto plans = recordedPlans(QStringLiteral(FM_FIXTURES "/probe/one_length.csv"));
    QVERIFY(plans.size() >= 2);
    for (const auto& [name, plan] : plans) {
        for (const int n : {1, 2, 3, 4, 6, 12}) {
            const Coverage coverage = coverageOf(plan, n, 1000, 11);
            const QString said = QString("%1, %2 of each task: %3 %4 %5")
                                     .arg(QString::fromStdString(name))
                                     .arg(n)
                                     .arg(coverage.kl)
                                     .arg(coverage.exact)
                                     .arg(coverage.text);
            QVERIFY2(std::min(coverage.kl, coverage.exact) >= 0.92, qPrintable(said));
        }
    }
}

QTEST_GUILESS_MAIN(TestIntervals)
#include "test_intervals.moc"
