// What run files say about plans: only reports count, each on its own probe.
#include <QTemporaryDir>
#include <QTest>

#include <nlohmann/json.hpp>

#include <cmath>
#include <stdexcept>

#include "core/store/run_reader.h"
#include "tests/state/gate_run_fixture.h"
#include "tests/support/measured_fixture.h"
#include "widgets/state/eval_sequences.h"
#include "widgets/state/measured_reader.h"
#include "widgets/state/paired_differences.h"
#include "widgets/state/run_figures.h"

using namespace fm;
using fixture::kProbeA;
using fixture::kProbeB;
using fixture::measured;

namespace {

using TableRows = std::vector<std::pair<int, Row>>;

Measurements readBack(const RunOpened& header, const TableRows& rows, RunFigures* figures = nullptr) {
    const QTemporaryDir folder;
    fixture::Writer writer(folder.path().toStdString(), header);
    writer.rows(rows);
    writer.finish();
    writer.flush();
    const RunReader reader(writer.path());
    const SpecFields spec = flatSpec(header.spec_json);
    const Measurements measured = measurementsOf(reader, spec);
    if (figures) *figures = figuresOf(reader, spec, measured);
    return measured;
}

// A probe's table as older programs wrote it.
RunOpened oldHeader(const std::string& job) {
    RunOpened header = fixture::probeHeader(4);
    header.job = job;
    const auto number = [](const char* path) { return Column{path, CellType::Float64, 1, "", ""}; };
    header.tables = {{"probes",
                      {{"probes/plan", CellType::Text, 4, "", ""},
                       number("probes/answer_kl"),
                       number("probes/answer_kl_half_width"),
                       number("probes/exact_match"),
                       number("probes/exact_match_half_width"),
                       number("probes/text_kl"),
                       number("probes/answers")}}};
    return header;
}

// As `flashmorph select` records it, but for what nobody reads here.
RunOpened selectHeader() {
    RunOpened header = fixture::probeHeader(4);
    header.job = "select";
    const auto text = [](const char* path) { return Column{path, CellType::Text, 16, "", ""}; };
    const auto whole = [](const char* path) { return Column{path, CellType::Int64, 1, "", ""}; };
    header.tables = {
        {"plans", {text("plans/selector"), text("plans/plan")}},
        {"tried",
         {text("tried/plan"), whole("tried/seed_index"), {"tried/objective", CellType::Float64, 1, "nat", ""}}},
        probeTable(4),
        sequenceTable()};
    return header;
}

TableRows together(std::initializer_list<TableRows> parts) {
    TableRows all;
    for (const TableRows& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

}  // namespace

class TestMeasuredPlans : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void readsAProbeWithItsSequences() {
        RunFigures figures;
        const Measurements found =
            readBack(fixture::probeHeader(4), fixture::probeRows("FFLL", {.kl = 0.2, .exact = 0.75}), &figures);
        QCOMPARE(found.branches, std::string("branches1"));
        QCOMPARE(found.plans.size(), std::size_t{1});
        const MeasuredPlan& m = found.plans[0];
        const ProbeScores truth = fixture::scoresOf({.kl = 0.2, .exact = 0.75});
        QCOMPARE(m.exact_match.value, 0.75);
        QCOMPARE(m.exact_match.low, truth.exact_match.low);
        QCOMPARE(m.exact_match.n, std::int64_t{40});
        QCOMPARE(m.text_kl.n, std::int64_t{8});
        QVERIFY(m.complete && m.measured && m.purpose == ProbePurpose::Measure);
        QCOMPARE(m.scores->sequences.size(), std::size_t{48});
        QCOMPARE(m.scores->exact_match.high, truth.exact_match.high);
        QCOMPARE(found.designs.at(kProbeA).tasks.size(), std::size_t{2});
        QCOMPARE(found.designs.at(kProbeA).lengths, std::vector<int>{256});
        QCOMPARE(found.designs.at(kProbeA).seed, std::int64_t{1});
        QCOMPARE(found.designs.at(kProbeA).sequences, std::int64_t{20});
        QCOMPARE(figures.recall.n, std::int64_t{40});
        QCOMPARE(figures.identity, kProbeA);
    }

    // Another version of the engine may choose another size: the recorded one is 48 sequences of two tasks and text.
    void aSizeThatTheEngineChoseIsRead() {
        RunOpened header = fixture::probeHeader(4);
        nlohmann::json spec = nlohmann::json::parse(header.spec_json);
        spec["sequences"] = 0;
        header.spec_json = spec.dump();
        RunFigures figures;
        const Measurements found = readBack(header, fixture::probeRows("FFLL", {.kl = 0.2, .exact = 0.75}), &figures);
        QCOMPARE(found.designs.at(kProbeA).sequences, std::int64_t{16});
    }

    void whatNobodyMeasuredIsAbsent() {
        RunFigures figures;
        const Measurements found =
            readBack(fixture::probeHeader(4), fixture::probeRows("FFLL", {.text_kl = std::nan("")}), &figures);
        QVERIFY(!found.plans[0].text_kl.known() && !figures.text_kl.known());
        QVERIFY(found.plans[0].answer_kl.known());
    }

    // A gate run's rows chose the plan; even a hundred sequences of them do not outweigh forty that report.
    void whatChoseAPlanDoesNotMeasureIt() {
        const QTemporaryDir folder;
        RunFigures figures;
        Measurements all = readBack(
            fixture::gateHeader(4),
            {fixture::probeRows("FFLL", {.exact = 1.0, .sequences = 100}, 0, ProbePurpose::Confirm, 1)[0]}, &figures);
        QVERIFY(all.plans.empty() && !figures.recall.known() && !figures.measured_without_identity);
        QCOMPARE(QString::fromStdString(figures.plan), QString("FFLL"));
        QCOMPARE(all.chosen.size(), std::size_t{1});
        QCOMPARE(all.chosen[0].by, std::string("gates"));
        addMeasurements(readBack(fixture::probeHeader(4), fixture::probeRows("FFLL", {.exact = 0.75})), all);
        QCOMPARE(all.find("FFLL")->exact_match.value, 0.75);
    }

    void aSelectionIsMeasuredRowByRow() {
        RunFigures figures;
        const Measurements found =
            readBack(selectHeader(),
                     together({{{0, Row{std::string("uniform-a"), std::string("FLFL")}},
                                {0, Row{std::string("remove-one"), std::string("FFLL")}},
                                {1, Row{std::string("LFFF"), std::int64_t{0}, 0.5}},
                                {1, Row{std::string("FLFF"), std::int64_t{0}, 0.25}},
                                {1, Row{std::string("FFLF"), std::int64_t{0}, 0.125}},
                                {1, Row{std::string("FFFL"), std::int64_t{0}, 0.0625}},
                                {1, Row{std::string("FFFL"), std::int64_t{1}, 9.0}}},  // another seed's probe
                               fixture::probeRows("FLFL", {.kl = 0.4, .exact = 0.5}, 0, ProbePurpose::Measure, 2),
                               fixture::probeRows("FFLL", {.kl = 0.1, .exact = 0.9}, 1, ProbePurpose::Measure, 2)}),
                     &figures);
        QCOMPARE(found.plans.size(), std::size_t{2});  // none of those tried on the way
        QCOMPARE(found.plans[0].source, std::string("uniform-a"));
        QCOMPARE(found.plans[1].source, std::string("remove-one"));
        QCOMPARE(found.plans[1].exact_match.value, 0.9);
        QCOMPARE(found.plans[1].scores->exact_match.value, 0.9);
        QCOMPARE(found.effects.single, (std::vector<double>{0.5, 0.25, 0.125, 0.0625}));
        QCOMPARE(QString::fromStdString(figures.plan), QString("FFLL"));  // the better of them, as measured
    }

    void oldRunsNameTheirPlanAndMeasureNothing() {
        const Row row{std::string("FFLL"), 0.1, 0.0, 1.0, 0.0, 0.0, 10.0};
        RunFigures figures;
        const Measurements probe = readBack(oldHeader("probe"), {{0, row}}, &figures);
        QVERIFY(probe.plans.empty() && probe.chosen.empty());
        QCOMPARE(probe.runs_without_identity, 1);
        QVERIFY(figures.measured_without_identity && !figures.recall.known());
        RunOpened gates = oldHeader("gates");
        gates.run_id = makeRunId("gates");
        const Measurements chosen = readBack(gates, {{0, row}}, &figures);
        QCOMPARE(chosen.chosen.size(), std::size_t{1});
        QCOMPARE(chosen.runs_without_identity, 0);
        QCOMPARE(QString::fromStdString(figures.plan), QString("FFLL"));
    }

    void probesAreNeverPooled() {
        Measurements all;
        all.plans = {measured("FFLL", {.exact = 0.5, .identity = kProbeB}), measured("FLFL", {.exact = 0.6}),
                     measured("FFLL", {.exact = 0.7}),
                     measured("FFLL", {.exact = 0.9, .sequences = 200, .identity = kProbeB})};
        QCOMPARE(all.probes(), (std::vector<std::string>{kProbeB, kProbeA}));
        QCOMPARE(all.probe(), kProbeA);  // two plans against one, however many sequences
        QCOMPARE(all.find("FFLL")->exact_match.value, 0.7);
        QCOMPARE(all.distinct().size(), std::size_t{2});
        all.wanted_probe = kProbeB;
        QCOMPARE(all.find("FFLL")->exact_match.value, 0.9);
        QVERIFY(all.find("FLFL") == nullptr);
        all.wanted_probe = "gone";
        QCOMPARE(all.probe(), kProbeA);
        all.plans.erase(all.plans.begin() + 1);  // one plan each: the newest
        QCOMPARE(all.probe(), kProbeB);
    }

    void partsCountUntilThereIsMore() {
        Measurements all;
        all.plans = {measured("FFLL", {.exact = 0.5, .sequences = 12, .planned = 48}),
                     measured("FFLL", {.exact = 0.7})};
        QVERIFY(!all.plans[0].complete && !all.plans[0].measured);
        QCOMPARE(all.find("FFLL")->exact_match.value, 0.7);
        all.plans.pop_back();
        QCOMPARE(all.find("FFLL")->exact_match.n, std::int64_t{12});
    }

    void anotherBranchSetMakesEarlierOnesVoid() {
        Measurements all = readBack(fixture::probeHeader(4), fixture::probeRows("FFLL", {})), other = all;
        addMeasurements(other, all);
        QCOMPARE(all.plans.size(), std::size_t{2});
        other.branches = "branches2";
        addMeasurements(other, all);
        QCOMPARE(all.plans.size(), std::size_t{1});
        // The teacher's own plan is measured without branches, a hybrid with its own: they make nothing void, and stay.
        Measurements lasting;
        lasting.plans = {measured("FFFF", {}), measured("FFLL", {})};
        lasting.plans[1].hybrid = "h1";
        addMeasurements(lasting, all);
        QCOMPARE(all.branches, std::string("branches2"));
        other.branches = "branches3";
        addMeasurements(other, all);
        QCOMPARE(all.plans.size(), std::size_t{3});
        QVERIFY(all.find("FFFF") && all.find("FFLL", "h1"));
    }

    void onlyThePairedIntervalTellsApart() {
        PairedDifferences differences;
        const auto between = [&differences](const PairedDifferences::Scores& a, const PairedDifferences::Scores& b) {
            differences.beginTurn();  // a turn is a few milliseconds: on a busy machine each pair needs its own
            const ScoreDifference* known = differences.of(a, b);
            return known ? *known : throw std::runtime_error("the first pair of a turn had to wait");
        };
        const auto half = measured("FFLL", {.exact = 0.5}).scores,
                   other_half = measured("FLFL", {.exact = 0.5, .first_wrong = 20}).scores,
                   better = measured("LFFL", {.exact = 0.95}).scores,
                   elsewhere = measured("LFFL", {.exact = 0.95, .identity = kProbeB}).scores;
        QVERIFY(!between(half, other_half).exact_match.excludesZero());
        QVERIFY(between(better, half).exact_match.low > 0);
        QVERIFY(between(half, better).exact_match.high < 0);
        QVERIFY(!between(elsewhere, half).exact_match.known());
        QVERIFY(!between(better, nullptr).exact_match.known());
    }

    // Four answers of one sequence are one value; without a number of the sequence its seed tells.
    void answersOfOneSequenceAreOneValue() {
        const std::vector<std::string> task(6, "mk8"), seed{"1", "1", "1", "2", "2", "2"}, same(6, "1");
        const std::vector<double> tokens(6, 256), depth(6, 0.5), recall{1, 1, 0, 0, 0, 0}, number{0, 0, 1, 1, 2, 2};
        const EvalCell cell{"mk8", 256, 0.5};
        QCOMPARE(sequenceRecalls({task, seed, tokens, depth, {}, recall}).at(cell), (std::vector<double>{2.0 / 3, 0}));
        QCOMPARE(sequenceRecalls({task, same, tokens, depth, number, recall}).at(cell), (std::vector<double>{1, 0, 0}));
    }
};

QTEST_GUILESS_MAIN(TestMeasuredPlans)
#include "test_measured_plans.moc"
