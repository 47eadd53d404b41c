// Thinning against brute force, the debiased average against its definition, and the cluster order against known
// groups.
#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "widgets/plots/linkage.h"
#include "widgets/plots/series_tiers.h"

namespace fm {

namespace {

const double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Data {
    std::vector<double> x, y;
};

// Uneven steps, one value in eight missing where asked for.
Data randomData(std::size_t count, unsigned seed, bool with_gaps) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> step(0.5, 1.5), value(-10, 10);
    Data data;
    double x = 0;
    for (std::size_t i = 0; i < count; ++i) {
        data.x.push_back(x += step(random));
        data.y.push_back(with_gaps && random() % 8 == 0 ? kNaN : value(random));
    }
    return data;
}

std::vector<double> valuesOf(const ChunkedColumn<double>& column) {
    std::vector<double> values;
    for (std::size_t i = 0; i < column.size(); ++i) values.push_back(column[i]);
    return values;
}

struct Range {
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();
    void add(double v) {
        if (std::isnan(v)) return;
        low = std::min(low, v);
        high = std::max(high, v);
    }
};

}  // namespace

class TestSeriesTiers : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void extremesOfAnyRangeAreExact() {
        const Data data = randomData(5000, 1, true);
        SeriesTiers series;
        std::mt19937 random(2);
        // Appended in uneven pieces, as a live run does.
        for (std::size_t at = 0; at < data.x.size();) {
            const std::size_t count = std::min<std::size_t>(1 + random() % 300, data.x.size() - at);
            series.append(std::span(data.x).subspan(at, count), std::span(data.y).subspan(at, count));
            at += count;
        }
        QCOMPARE(series.size(), data.x.size());
        for (int trial = 0; trial < 3000; ++trial) {
            const std::size_t a = random() % 5001, b = random() % 5001;
            const std::size_t begin = std::min(a, b), end = std::max(a, b);
            Range expected;
            for (std::size_t i = begin; i < end; ++i) expected.add(data.y[i]);
            const Extremes found = series.extremes(begin, end);
            QCOMPARE(found.any, expected.low <= expected.high);
            if (!found.any) continue;
            QCOMPARE(data.y[found.low], expected.low);
            QCOMPARE(data.y[found.high], expected.high);
        }
    }

    void thinnedCurveKeepsEveryColumnsExtremes() {
        const Data data = randomData(60000, 3, false);
        SeriesTiers series;
        series.append(data.x, data.y);
        constexpr int kColumns = 500;
        const double low = 1000, high = 41000;
        const ThinnedCurve thin = series.thinned(low, high, kColumns);
        QVERIFY(thin.x.size() <= 2 * kColumns + 2);
        QVERIFY(std::is_sorted(thin.x.begin(), thin.x.end()));
        std::vector<Range> expected(kColumns), found(kColumns);
        const auto column = [&](double x) {
            return std::clamp(static_cast<int>(std::ceil((x - low) / (high - low) * kColumns)) - 1, 0, kColumns - 1);
        };
        for (std::size_t i = 0; i < data.x.size(); ++i) {
            if (data.x[i] >= low && data.x[i] <= high) expected[column(data.x[i])].add(data.y[i]);
        }
        for (std::size_t i = 0; i < thin.x.size(); ++i) {
            if (thin.x[i] >= low && thin.x[i] <= high) found[column(thin.x[i])].add(thin.y[i]);
        }
        for (int c = 0; c < kColumns; ++c) {
            QCOMPARE(found[c].low, expected[c].low);
            QCOMPARE(found[c].high, expected[c].high);
        }
        QVERIFY(thin.x.front() < low);  // one point beyond either end
        QVERIFY(thin.x.back() > high);
    }

    void fewPointsAreGivenAsTheyAre() {
        const Data data = randomData(300, 4, true);
        SeriesTiers series;
        series.append(data.x, data.y);
        const ThinnedCurve thin = series.thinned(-1e9, 1e9, 400);
        QCOMPARE(thin.x, data.x);
        for (std::size_t i = 0; i < data.y.size(); ++i) {
            QVERIFY(thin.y[i] == data.y[i] || (std::isnan(thin.y[i]) && std::isnan(data.y[i])));
        }
        QVERIFY(series.thinned(1e6, 2e6, 400).x.size() == 1);  // only the neighbour to the left
    }

    void aLongGapStaysAGap() {
        std::vector<double> x, y;
        for (int i = 0; i < 10000; ++i) {
            x.push_back(i);
            y.push_back(i >= 4000 && i < 6000 ? kNaN : 1.0);
        }
        SeriesTiers series;
        series.append(x, y);
        const ThinnedCurve thin = series.thinned(0, 9999, 100);
        bool gap = false;
        for (std::size_t i = 0; i < thin.x.size(); ++i)
            gap = gap || (thin.x[i] > 4500 && thin.x[i] < 5500 && std::isnan(thin.y[i]));
        QVERIFY(gap);
    }

    void pointsThatDoNotAdvanceAreLeftOut() {
        SeriesTiers series;
        series.append(std::vector<double>{1, 2, 2, 1, kNaN, 3}, std::vector<double>{10, 20, 21, 11, 0, 30});
        QCOMPARE(valuesOf(series.x()), (std::vector<double>{1, 2, 3}));
        QCOMPARE(valuesOf(series.y()), (std::vector<double>{10, 20, 30}));
    }

    void bandIsTheRangeOfTheWindow() {
        const Data data = randomData(800, 5, false);
        SeriesTiers series;
        series.append(data.x, data.y);
        const ThinnedBand band = series.band(data.x.front(), data.x.back(), 2000, 10);
        QCOMPARE(band.x.size(), data.x.size());
        for (std::size_t i = 0; i < data.x.size(); ++i) {
            Range expected;
            for (std::size_t j = i >= 9 ? i - 9 : 0; j <= i; ++j) expected.add(data.y[j]);
            QCOMPARE(band.low[i], expected.low);
            QCOMPARE(band.high[i], expected.high);
        }
    }

    void averageIsTheWeightedMeanOfAllValuesSoFar() {
        const Data data = randomData(200, 6, false);
        constexpr double kBeta = 0.93;
        DebiasedEma ema(kBeta);
        for (std::size_t i = 0; i < data.y.size(); ++i) {
            double sum = 0, weight = 0;
            for (std::size_t j = 0; j <= i; ++j) {
                sum += std::pow(kBeta, static_cast<double>(i - j)) * data.y[j];
                weight += std::pow(kBeta, static_cast<double>(i - j));
            }
            const double got = ema.next(data.y[i]);
            QVERIFY2(std::abs(got - sum / weight) < 1e-12, qPrintable(QString::number(got)));
        }
        DebiasedEma first(0.999);
        QCOMPARE(first.next(7.0), 7.0);  // a biased average would start at 0.007
        QVERIFY(std::isnan(first.next(kNaN)));
        QCOMPARE(first.next(7.0), 7.0);
    }

    void clusterOrderPutsGroupsTogether() {
        constexpr int kCount = 12;
        std::vector<double> distance(kCount * kCount, 10.0);
        for (int i = 0; i < kCount; ++i) {
            for (int j = 0; j < kCount; ++j) {
                if (i % 3 == j % 3) distance[i * kCount + j] = i == j ? 0 : 1 + 0.01 * std::abs(i - j);
            }
        }
        const std::vector<int> order = averageLinkageOrder(distance, kCount);
        QVERIFY(std::is_permutation(order.begin(), order.end(),
                                    std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}.begin()));
        int num_changes = 0;
        for (int i = 1; i < kCount; ++i) num_changes += order[i] % 3 != order[i - 1] % 3;
        QCOMPARE(num_changes, 2);
        QCOMPARE(averageLinkageOrder(distance, kCount), order);
        QVERIFY(averageLinkageOrder({}, 0).empty());
        QCOMPARE(averageLinkageOrder({0.0}, 1), std::vector<int>{0});
    }

    // Points on a line: the only sensible order is along it, whichever way round.
    void clusterOrderFollowsALine() {
        const std::vector<double> position = {5, 1, 4, 0, 9, 8, 2};
        const int count = static_cast<int>(position.size());
        std::vector<double> distance;
        for (const double a : position) {
            for (const double b : position) distance.push_back(std::abs(a - b));
        }
        std::vector<double> along;
        for (const int i : averageLinkageOrder(distance, count)) along.push_back(position[i]);
        if (along.front() > along.back()) std::reverse(along.begin(), along.end());
        QVERIFY(std::is_sorted(along.begin(), along.end()));
    }
};

}  // namespace fm

QTEST_GUILESS_MAIN(fm::TestSeriesTiers)
#include "test_series_tiers.moc"
