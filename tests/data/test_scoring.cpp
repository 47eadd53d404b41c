// RULER's containment score against the scores that RULER's own code and lm-evaluation-harness gave to the same answers
// (tests/fixtures/scoring), to the last digit.
#include <QTest>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/data/scoring.h"

using namespace fm;

class TestScoring : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void everyAnswer();
    void everyTask();
    void recordedWithTheAnswer();
    void nothingAskedIsNothingFound();

private:
    static double scoreOf(const nlohmann::json& pair) {
        return stringMatchAll(pair["prediction"].get<std::string>(),
                              pair["references"].get<std::vector<std::string>>());
    }
    nlohmann::json scores_;
};

void TestScoring::initTestCase() {
    std::ifstream file(FM_FIXTURES "/scoring/scores.json");
    scores_ = nlohmann::json::parse(file);
    int between = 0, missed = 0, found = 0;
    for (const nlohmann::json& pair : scores_["pairs"]) {
        const double score = pair["harness"].get<double>();
        ++(score == 0 ? missed : score == 1 ? found : between);
    }
    QVERIFY2(between > 10 && missed > 10 && found > 10, "the fixture tells the outcomes apart");
}

// RULER gives per cent with two decimals, the harness the share itself.
void TestScoring::everyAnswer() {
    for (const nlohmann::json& pair : scores_["pairs"]) {
        const double score = scoreOf(pair);
        QVERIFY2(score == pair["harness"].get<double>(), pair.dump().c_str());
        QVERIFY2(std::abs(100 * score - pair["ruler"].get<double>()) <= 0.005 + 1e-9, pair.dump().c_str());
    }
}

void TestScoring::everyTask() {
    for (const nlohmann::json& total : scores_["totals"]) {
        double sum = 0;
        int count = 0;
        for (const nlohmann::json& pair : scores_["pairs"]) {
            if (pair["task"] != total["task"]) continue;
            sum += scoreOf(pair);
            ++count;
        }
        QVERIFY2(sum / count == total["harness"].get<double>(), total.dump().c_str());
        QVERIFY2(std::abs(100 * sum / count - total["ruler"].get<double>()) <= 0.005 + 1e-9, total.dump().c_str());
    }
}

// What the run file said when the answer was generated.
void TestScoring::recordedWithTheAnswer() {
    int recorded = 0;
    for (const nlohmann::json& pair : scores_["pairs"]) {
        if (!pair.contains("recorded")) continue;
        QCOMPARE(pair["recorded"].get<double>(), pair["harness"].get<double>());
        ++recorded;
    }
    QVERIFY(recorded > 20);
}

void TestScoring::nothingAskedIsNothingFound() { QCOMPARE(stringMatchAll("1", {}), 0.0); }

QTEST_GUILESS_MAIN(TestScoring)
#include "test_scoring.moc"
