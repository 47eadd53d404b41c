// Averages and paired comparisons of probe scores against sums worked by hand.
#include <QTest>

#include <cmath>

#include "core/plan/cut_confidence.h"
#include "core/plan/probe_scores.h"
#include "core/plan/probe_tables.h"

using namespace fm;

namespace {

SequenceScore answered(const char* task, int tokens, std::uint64_t seed, double kl, double exact,
                       std::int64_t rows = 4) {
    SequenceScore s{task, tokens, seed};
    s.rows = rows;
    s.answers = 2;
    s.kl = kl;
    s.exact = exact;
    s.teacher_exact = 1;
    s.agreement = exact;
    return s;
}

SequenceScore text(int tokens, std::uint64_t seed, double kl, double nll) {
    SequenceScore s{kTextTask, tokens, seed};
    s.rows = 50;
    s.kl = kl;
    s.nll = nll;
    s.teacher_nll = nll - kl;
    s.agreement = 0.5;
    return s;
}

}  // namespace

class TestProbeScores : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void averagesGoFromSequencesToTasks();
    void aShareOfOnesIsOne();
    void textThatNobodyMeasuredIsAbsent();
    void aProbeIsMeasuredWhenEveryTaskHasItsMinimum();
    void pairsAreMatchedBySeed();
    void otherIdentitiesAreNotCompared();
    void rowsHoldWhatWasMeasured();
    void aTieIsNeverSure();
    void undecidedIsTheMarginAgainstItsNoise();
};

// A long passkey at 320 rows, needles of 7: rows do not weigh, sequences, lengths and tasks do.
void TestProbeScores::averagesGoFromSequencesToTasks() {
    const std::vector<SequenceScore> sequences = {answered("passkey", 1024, 1, 1.0, 0.0, 320),
                                                  answered("passkey", 2048, 2, 3.0, 0.5, 320),
                                                  answered("passkey", 2048, 3, 5.0, 0.0, 320),
                                                  answered("needle", 1024, 4, 0.1, 1.0, 7),
                                                  text(1024, 5, 0.2, 2.0),
                                                  text(2048, 6, 0.4, 3.0)};
    const ProbeScores scores = summarise(sequences, 2.0, 8, "id");
    // passkey: (1 + (3 + 5) / 2) / 2 = 2.5; all: (2.5 + 0.1) / 2
    QVERIFY(std::abs(scores.tasks.at("passkey").answer_kl - 2.5) < 1e-12);
    QVERIFY(std::abs(scores.all.answer_kl - 1.3) < 1e-12);
    QVERIFY(std::abs(scores.all.exact_match - (0.125 + 1) / 2) < 1e-12);
    QCOMPARE(scores.cells.at({"passkey", 2048}).answer_kl, 4.0);
    QCOMPARE(scores.all.sequences, std::int64_t{4});
    QCOMPARE(scores.all.answers, std::int64_t{8});
    QCOMPARE(scores.all.teacher_exact_match, 1.0);
    QVERIFY(std::abs(scores.text_kl.value - 0.3) < 1e-12);
    QVERIFY(std::abs(scores.text_nll - 2.5) < 1e-12 && std::abs(scores.teacher_text_nll - 2.2) < 1e-12);
    QCOMPARE(scores.text_kl.n, std::int64_t{2});
    QCOMPARE(scores.text_rows, std::int64_t{100});
    QVERIFY(!scores.complete());
    QCOMPARE(planObjective(scores, 0.5), scores.all.answer_kl + 0.5 * scores.text_kl.value);
}

// Sums of shares in binary: nine ninths must not be 1.0000000000000002.
void TestProbeScores::aShareOfOnesIsOne() {
    for (int n = 1; n < 60; ++n) {
        std::vector<SequenceScore> sequences;
        for (int i = 0; i < n; ++i) {
            for (const char* task : {"a", "b", "c"}) sequences.push_back(answered(task, 64, 100 + i, 0.1, 1));
        }
        const ProbeScores scores = summarise(sequences, 1, 0, "");
        QCOMPARE(scores.all.exact_match, 1.0);
        QVERIFY(scores.exact_match.value <= 1 && scores.exact_match.high <= 1);
    }
}

void TestProbeScores::textThatNobodyMeasuredIsAbsent() {
    const ProbeScores scores = summarise({answered("needle", 64, 1, 0.5, 1)}, 1, 1, "id");
    QVERIFY(!scores.hasText() && scores.text_kl.n == 0);
    QCOMPARE(planObjective(scores, 10), 0.5);
    const Table table = probeTable(3);
    const Row row = probeRow(-1, Plan::fromFullLayers(3, {1}), scores, ProbePurpose::Measure);
    QCOMPARE(QString::fromStdString(rowMismatch(table, row)), QString());
    for (std::size_t i = 0; i < row.size(); ++i) {
        const std::string& path = table.columns[i].path;
        if (path.starts_with("probes/text_kl") || path == "probes/text_nll")
            QVERIFY2(std::isnan(std::get<double>(row[i])), path.c_str());
    }
}

void TestProbeScores::aProbeIsMeasuredWhenEveryTaskHasItsMinimum() {
    std::vector<SequenceScore> sequences;
    for (int i = 0; i < 40; ++i) sequences.push_back(answered("often", 64, 100 + i, 0.1, 1));
    QCOMPARE(summarise(sequences, 1, 0, "").fewestOfATask(), std::int64_t{40});
    for (int i = 0; i < 7; ++i) sequences.push_back(answered("seldom", 64, 200 + i, 0.1, 1));
    QVERIFY(summarise(sequences, 1, 0, "").fewestOfATask() < kFewestSequences);
    sequences.push_back(answered("seldom", 64, 300, 0.1, 1));
    QCOMPARE(summarise(sequences, 1, 0, "").fewestOfATask(), kFewestSequences);
    QCOMPARE(summarise({}, 1, 0, "").fewestOfATask(), std::int64_t{0});
}

// b has other sequences too, and another order: only shared ones count.
void TestProbeScores::pairsAreMatchedBySeed() {
    std::vector<SequenceScore> a, b;
    for (std::uint64_t i = 0; i < 60; ++i) {
        const double common = 0.1 * static_cast<double>(i % 7);
        a.push_back(answered("needle", 64, i, common + 0.3, 0.5));
        b.insert(b.begin(), answered("needle", 64, i, common, 1.0));
        a.push_back(text(64, 1000 + i, common + 0.2, 3));
        b.push_back(text(64, 1000 + i, common, 3));
    }
    b.push_back(answered("needle", 64, 77, 9.0, 0));
    b.push_back(answered("needle", 128, 3, 9.0, 0));
    const ScoreDifference d = compareScores(summarise(a, 3, 120, "x"), summarise(b, 3, 122, "x"), 0.5);
    QCOMPARE(d.answer_kl.n, std::int64_t{60});
    QVERIFY(std::abs(d.answer_kl.value - 0.3) < 1e-12 && d.answer_kl.excludesZero());
    QVERIFY(std::abs(d.exact_match.value + 0.5) < 1e-12 && d.exact_match.excludesZero());
    QVERIFY(std::abs(d.text_kl.value - 0.2) < 1e-12);
    QVERIFY(std::abs(d.objective.value - (0.3 + 0.5 * 0.2)) < 1e-12);
    QVERIFY(d.differs());
    const ScoreDifference same = compareScores(summarise(a, 3, 120, "x"), summarise(a, 3, 120, "x"), 0.5);
    QVERIFY(!same.differs() && same.answer_kl.low < 0 && same.answer_kl.high > 0);
}

void TestProbeScores::otherIdentitiesAreNotCompared() {
    const std::vector<SequenceScore> sequences = {answered("needle", 64, 1, 0.1, 1)};
    const ScoreDifference d = compareScores(summarise(sequences, 1, 1, "x"), summarise(sequences, 1, 1, "y"), 0.1);
    QVERIFY(!d.answer_kl.known() && !d.exact_match.known() && !d.objective.known() && !d.differs());
}

void TestProbeScores::rowsHoldWhatWasMeasured() {
    const ProbeScores scores = summarise({answered("needle", 64, 1, 0.25, 0.5), text(64, 2, 0.125, 2)}, 1, 6, "abc");
    const Table table = probeTable(4);
    const Row row = probeRow(7, Plan::fromFullLayers(4, {0, 2}), scores, ProbePurpose::Choose);
    const auto cell = [&](const std::string& path) {
        for (std::size_t i = 0; i < row.size(); ++i)
            if (table.columns[i].path == path) return row[i];
        return Cell{std::string("no such column")};
    };
    QCOMPARE(std::get<std::int64_t>(cell("probes/step")), std::int64_t{7});
    QCOMPARE(std::get<std::string>(cell("probes/plan")), std::string("FLFL"));
    QCOMPARE(std::get<double>(cell("probes/answer_kl")), 0.25);
    QCOMPARE(std::get<double>(cell("probes/exact_match")), 0.5);
    QCOMPARE(std::get<double>(cell("probes/text_kl")), 0.125);
    QCOMPARE(std::get<std::int64_t>(cell("probes/planned_sequences")), std::int64_t{6});
    QCOMPARE(std::get<std::string>(cell("probes/identity")), std::string("abc"));
    QCOMPARE(std::get<std::string>(cell("probes/purpose")), std::string("choose"));
    for (const SequenceScore& s : scores.sequences)
        QCOMPARE(QString::fromStdString(rowMismatch(sequenceTable(), sequenceRow(0, s))), QString());
}

void TestProbeScores::aTieIsNeverSure() {
    const Plan plan = Plan::fromFullLayers(4, {0, 1});
    for (const CutConfidence& tie :
         {cutConfidence({1, 1, 1, 1}, {0, 0, 0, 0}, plan), cutConfidence({0.352, 0.352, 0.352, 0.352}, {}, plan)}) {
        QVERIFY(tie.exists && tie.tied() && tie.undecided());
        QCOMPARE(tie.sureFullLayers(plan), 0);
        QCOMPARE(tie.layers[0].level(), 0.0);
    }
    QVERIFY(!cutConfidence({1, 1, 1, 1}, {}, Plan::fromFullLayers(4, {0, 1, 2, 3})).exists);  // nothing to cut
}

void TestProbeScores::undecidedIsTheMarginAgainstItsNoise() {
    const Plan plan = Plan::fromFullLayers(3, {0});
    QVERIFY(!cutConfidence({0.9, 0.5, 0.1}, {0.1, 0.1, 0.1}, plan).undecided());  // 0.4 apart, move by 0.1
    const CutConfidence close = cutConfidence({0.55, 0.5, 0.1}, {0.1, 0.1, 0.1}, plan);
    QVERIFY(close.undecided() && !close.tied());
    // The closed gate of layer 2 does not matter, and a mean near 0 or 1 is no sign by itself.
    QVERIFY(!cutConfidence({0.03, 0.0, 0.0}, {0.001, 0.0, 0.3}, plan).undecided());
}

QTEST_GUILESS_MAIN(TestProbeScores)
#include "test_probe_scores.moc"
