// RULER's containment scores and the intervals. Expected intervals come from the closed form worked by hand.
#include <QTest>

#include "core/data/scoring.h"

using namespace fm;

class TestScoring : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void containment_data();
    void containment();
    void wilson_data();
    void wilson();
    void meanOfFractions();
};

void TestScoring::containment_data() {
    QTest::addColumn<QString>("prediction");
    QTest::addColumn<QStringList>("references");
    QTest::addColumn<double>("all");
    QTest::addColumn<double>("part");
    QTest::newRow("exact") << "1234567" << QStringList{"1234567"} << 1.0 << 1.0;
    QTest::newRow("inside") << " the number is 1234567. Bye" << QStringList{"1234567"} << 1.0 << 1.0;
    QTest::newRow("case") << "Alpha BRAVO" << QStringList{"alpha bravo"} << 1.0 << 1.0;
    QTest::newRow("reference case") << "alpha bravo" << QStringList{"Alpha Bravo"} << 1.0 << 1.0;
    QTest::newRow("fraction") << "1111111, 3333333" << QStringList{"1111111", "2222222", "3333333", "4444444"} << 0.5
                              << 1.0;
    QTest::newRow("none") << "nothing" << QStringList{"1", "2"} << 0.0 << 0.0;
    QTest::newRow("tab becomes a newline") << "alpha\tbravo" << QStringList{"alpha\nbravo"} << 1.0 << 1.0;
    QTest::newRow("tab is no blank") << "alpha\tbravo" << QStringList{"alpha bravo"} << 0.0 << 0.0;
    QTest::newRow("empty prediction") << "" << QStringList{"1"} << 0.0 << 0.0;
    QTest::newRow("no references") << "1" << QStringList{} << 0.0 << 0.0;
    QTest::newRow("stripped") << "  \n" << QStringList{" "} << 0.0 << 0.0;
}

void TestScoring::containment() {
    QFETCH(QString, prediction);
    QFETCH(QStringList, references);
    QFETCH(double, all);
    QFETCH(double, part);
    std::vector<std::string> expected;
    for (const QString& reference : references) expected.push_back(reference.toStdString());
    QCOMPARE(stringMatchAll(prediction.toStdString(), expected), all);
    QCOMPARE(stringMatchPart(prediction.toStdString(), expected), part);
}

// Wilson 1927 with z = 1.96: 8 of 10 gives (0.490, 0.943), 0 of 10 gives (0, 0.278), 250 of 500 is 0.5 +- 0.0436.
void TestScoring::wilson_data() {
    QTest::addColumn<int>("successes");
    QTest::addColumn<int>("trials");
    QTest::addColumn<double>("low");
    QTest::addColumn<double>("high");
    QTest::newRow("8/10") << 8 << 10 << 0.4902 << 0.9433;
    QTest::newRow("0/10") << 0 << 10 << 0.0 << 0.2775;
    QTest::newRow("10/10") << 10 << 10 << 0.7225 << 1.0;
    QTest::newRow("250/500") << 250 << 500 << 0.4563 << 0.5437;
    QTest::newRow("0/0") << 0 << 0 << 0.0 << 1.0;
}

void TestScoring::wilson() {
    QFETCH(int, successes);
    QFETCH(int, trials);
    QFETCH(double, low);
    QFETCH(double, high);
    const Interval interval = wilsonInterval(successes, trials);
    QVERIFY2(qAbs(interval.low - low) < 1e-4, qPrintable(QString::number(interval.low)));
    QVERIFY2(qAbs(interval.high - high) < 1e-4, qPrintable(QString::number(interval.high)));
}

// Scores 0, 0.5, 1, 0.5: mean 0.5, sample variance 1/6, standard error sqrt(1/24) = 0.2041, half width 0.4001.
void TestScoring::meanOfFractions() {
    const Interval interval = meanInterval({0, 0.5, 1, 0.5});
    QVERIFY(qAbs(interval.low - 0.0999) < 1e-4);
    QVERIFY(qAbs(interval.high - 0.9001) < 1e-4);
    QCOMPARE(meanInterval({1, 1, 1}).low, 1.0);
    QCOMPARE(meanInterval({0.3}).high, 1.0);
}

QTEST_GUILESS_MAIN(TestScoring)
#include "test_scoring.moc"
