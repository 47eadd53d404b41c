// What is compared, what is pinned, and that nothing is invented for what nobody measured.
#include <QAbstractItemModelTester>
#include <QTest>
#include <cmath>

#include "tests/models/run_fixtures.h"
#include "tests/support/measured_fixture.h"
#include "widgets/models/compare_entries.h"
#include "widgets/models/compare_model.h"
#include "widgets/models/number_text.h"

using fixture::measured;
using fm::CompareEntry;
using fm::CompareModel;
using Mode = QAbstractItemModelTester::FailureReportingMode;

namespace {

// Eight layers of 2 KV heads of 16: 2 * 2 * 16 values of 2 bytes = 128 bytes per token and full layer.
fm::ModelShape shape() {
    fm::ModelShape shape;
    shape.num_layers = 8;
    shape.hidden_size = 64;
    shape.intermediate_size = 128;
    shape.num_heads = 4;
    shape.num_kv_heads = 2;
    shape.head_dim = 16;
    shape.vocab_size = 512;
    shape.max_position = 4096;
    return shape;
}

struct Study {
    std::vector<fm::RunEntry> runs;
    fm::StudyInfo info;
    fm::Measurements measurements;
    std::vector<CompareEntry> entries(bool with_shape = true) const {
        fm::CompareSources sources{&runs, &info, &measurements, {}, {}};
        if (with_shape) sources.shape = shape();
        return fm::compareEntries(sources);
    }
};

Study study() {
    Study study;
    study.measurements.plans = {measured("FLFLFLFL", {.kl = 0.9, .exact = 0.7}, "uniform-a"),
                                measured("FFLLLLFF", {.kl = 0.05, .exact = 0.95, .text_kl = 0.01}),
                                measured("LLLLLLLL", {.kl = 2.0, .exact = 0.1})};
    study.measurements.chosen = {{"FFLLLLFF", "gates", "run-of-gates"}, {"FFLLLLFF", "remove-one", "run-of-select"}};
    study.info.labels["h1"].name = "recovered K=4";
    study.info.artifacts["h1"] = {fm::ArtifactKind::Hybrid, "hybrids/h1", "run-d", {"run-d", "plan-FFLLLLFF"}};
    study.runs = {fixture::entry("20260304T100000Z-eval-dddddd", "eval", R"({"hybrid":"h1"})"),
                  fixture::entry("20260305T100000Z-eval-eeeeee", "eval", R"({"hybrid":"","layers":"all"})")};
    study.runs[0].figures.recall = {0.97, 0.93, 0.99, 80};
    study.runs[1].figures.recall = {1.0, 0.96, 1.0, 80};
    return study;
}

const CompareEntry* find(const std::vector<CompareEntry>& entries, const QString& title) {
    for (const CompareEntry& entry : entries)
        if (entry.title == title) return &entry;
    return nullptr;
}

}  // namespace

class TestCompareModel : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void collectsTeacherPlansAndHybrids() {
        const std::vector<CompareEntry> entries = study().entries();
        QCOMPARE(entries.size(), std::size_t(5));
        QCOMPARE(entries[0].title, QStringLiteral("teacher"));
        QCOMPARE(entries[1].title, QStringLiteral("uniform-a K=4"));
        const CompareEntry& teacher = entries[0];
        QVERIFY(!teacher.probe_recall.known());  // nobody probed it
        QCOMPARE(teacher.eval_recall.value, 1.0);
        QCOMPARE(teacher.cost->kv_bytes_per_token, std::int64_t{8 * 128});
        const CompareEntry* hybrid = find(entries, "recovered K=4");
        QVERIFY(hybrid != nullptr);
        QCOMPARE(hybrid->budget, 4);
        QCOMPARE(hybrid->eval_recall.value, 0.97);
        QVERIFY(!hybrid->probe_recall.known());  // its plan was probed before recovery, which is another thing
        QCOMPARE(hybrid->cost->kv_bytes_per_token, std::int64_t{4 * 128});
        QVERIFY(find(entries, "all linear") != nullptr);
        QVERIFY(find(entries, "gates K=4") != nullptr);
    }

    void aRunOfAHybridIsAboutItsPlan() {
        const Study made = study();
        QCOMPARE(fm::planOfRun(made.runs[0], made.info), std::string("FFLLLLFF"));
        QVERIFY(fm::planOfRun(made.runs[1], made.info).empty());
    }

    void teacherAndHybridsAreProbedToo() {
        Study probed = study();
        probed.measurements.plans.push_back(measured("FFFFFFFF", {.kl = 0, .exact = 0.85}));
        probed.measurements.plans.push_back(measured("FFLLLLFF", {.kl = 0.01, .exact = 0.9}));
        probed.measurements.plans.back().hybrid = "h1";
        const std::vector<CompareEntry> entries = probed.entries();
        QCOMPARE(entries[0].probe_recall.value, 0.85);
        QCOMPARE(find(entries, "recovered K=4")->probe_recall.value, 0.9);
        QCOMPARE(find(entries, "gates K=4")->probe_recall.value, 0.95);  // its plan before recovery
    }

    // What gates or a rule chose has a row and a name, and no figures until it is measured.
    void aChosenPlanIsNotAMeasuredOne() {
        Study chosen = study();
        chosen.measurements.chosen.push_back({"FLLLLLLF", "gates", "run-g"});
        const std::vector<CompareEntry> entries = chosen.entries();
        const CompareEntry* entry = find(entries, "gates K=2");
        QVERIFY(entry != nullptr && !entry->probe_recall.known() && !entry->elsewhere);
        QVERIFY(entry->runs.contains("run-g"));
    }

    void figuresOfTwoProbesAreNotPutTogether() {
        Study two = study();
        for (const char* plan : {"FFFLLLLF", "FFLLLLFF"})
            two.measurements.plans.push_back(measured(plan, {.exact = 1.0, .identity = fixture::kProbeB}));
        const std::vector<CompareEntry> first = two.entries();
        QVERIFY(find(first, "plan K=4")->elsewhere && !find(first, "plan K=4")->probe_recall.known());
        QVERIFY(!find(first, "gates K=4")->elsewhere);
        QCOMPARE(find(first, "gates K=4")->probe_recall.value, 0.95);
        CompareModel model;
        model.setEntries(first);
        const int row = model.rowOf("plan-FFFLLLLF");
        QVERIFY(model.index(row, 0).data(CompareModel::AbsentRole).toBool());
        QVERIFY(model.index(row, 0).data(Qt::ToolTipRole).toString().contains("another probe"));
        QCOMPARE(model.index(row, CompareModel::RecallColumn).data().toString(), QStringLiteral("–"));
        two.measurements.wanted_probe = fixture::kProbeB;
        QCOMPARE(find(two.entries(), "gates K=4")->probe_recall.value, 1.0);
        QVERIFY(find(two.entries(), "uniform-a K=4")->elsewhere);
    }

    void plansOfOneBudgetAreToldApart() {
        Study two = study();
        two.measurements.plans.push_back(measured("FFFLLLLF", {}));
        two.measurements.plans.push_back(measured("LFFFLLLF", {}));
        const std::vector<CompareEntry> entries = two.entries();
        QVERIFY(find(entries, "plan K=4 · 0 1 2 7") != nullptr);
        QVERIFY(find(entries, "plan K=4 · 1 2 3 7") != nullptr);
        QVERIFY(find(entries, "gates K=4") != nullptr);
    }

    void withoutAModelThereIsNoCost() {
        const std::vector<CompareEntry> entries = study().entries(false);
        for (const CompareEntry& entry : entries) QVERIFY(!entry.cost.has_value());
        CompareModel model;
        model.setEntries(entries);
        QCOMPARE(model.index(0, CompareModel::KvColumn).data().toString(), QStringLiteral("–"));
    }

    void pinnedStayOnTopHoweverItIsSorted() {
        CompareModel model;
        const QAbstractItemModelTester tester(&model, Mode::QtTest);
        model.setEntries(study().entries());
        fm::CompareOrder order;
        const QAbstractItemModelTester order_tester(&order, Mode::QtTest);
        order.setSourceModel(&model);
        for (const Qt::SortOrder direction : {Qt::AscendingOrder, Qt::DescendingOrder})
            for (int column = 0; column < CompareModel::num_columns; ++column) {
                order.sort(column, direction);
                QCOMPARE(order.index(0, 0).data().toString(), QStringLiteral("teacher"));
                QCOMPARE(order.index(1, 0).data().toString(), QStringLiteral("uniform-a K=4"));
            }
        order.sort(CompareModel::RecallColumn, Qt::DescendingOrder);
        QCOMPARE(order.index(2, 0).data().toString(), QStringLiteral("gates K=4"));
        QCOMPARE(order.index(4, 0).data().toString(), QStringLiteral("recovered K=4"));  // not probed: last
        order.sort(CompareModel::RecallColumn, Qt::AscendingOrder);
        QCOMPARE(order.index(2, 0).data().toString(), QStringLiteral("all linear"));
        QCOMPARE(order.index(4, 0).data().toString(), QStringLiteral("recovered K=4"));
    }

    void brushKeepsThePinned() {
        CompareModel model;
        model.setEntries(study().entries());
        fm::CompareOrder order;
        order.setSourceModel(&model);
        order.setKept(std::set<QString>{"h1"});
        QCOMPARE(order.rowCount(), 3);
        QVERIFY(order.isFiltered());
        order.setKept(std::nullopt);
        QCOMPARE(order.rowCount(), 5);
    }

    void bestIsWhatEveryOtherIsToldApartFrom() {
        CompareModel model;
        model.setEntries(study().entries());
        const int gates = model.rowOf("plan-FFLLLLFF"), uniform = model.rowOf("plan-FLFLFLFL");
        for (const int column : {CompareModel::KlColumn, CompareModel::RecallColumn, CompareModel::TextKlColumn}) {
            QVERIFY(model.index(gates, column).data(CompareModel::BestRole).toBool());
            QVERIFY(!model.index(gates, column).data(CompareModel::TiedRole).toBool());
            QVERIFY(!model.index(uniform, column).data(CompareModel::BestRole).toBool());
        }
        // Alone in its budget nobody is the best, and generated answers are not paired.
        for (int column = 0; column < CompareModel::num_columns; ++column)
            QVERIFY(!model.index(model.rowOf("plan-LLLLLLLL"), column).data(CompareModel::BestRole).toBool());
        for (int row = 0; row < model.rowCount(); ++row)
            QVERIFY(!model.index(row, CompareModel::EvalColumn).data(CompareModel::BestRole).toBool());
    }

    // One more right sequence in forty is no victory: both are marked alike, the third is not.
    void aTieHasNoWinner() {
        Study tie = study();
        tie.measurements.plans.push_back(measured("FFFLLLLF", {.exact = 0.925, .first_wrong = 20}));
        CompareModel model;
        model.setEntries(tie.entries());
        const auto marked = [&](const char* id, CompareModel::Role role) {
            return model.index(model.rowOf(id), CompareModel::RecallColumn).data(role).toBool();
        };
        for (const char* id : {"plan-FFLLLLFF", "plan-FFFLLLLF"}) {
            QVERIFY(marked(id, CompareModel::TiedRole));
            QVERIFY(!marked(id, CompareModel::BestRole));
        }
        QVERIFY(!marked("plan-FLFLFLFL", CompareModel::TiedRole) && !marked("plan-FLFLFLFL", CompareModel::BestRole));
    }

    // An absent text KL is not zero: neither the best nor shown as a number.
    void anUnmeasuredTextKlIsNoZero() {
        Study without = study();
        without.measurements.plans[1] = measured("FFLLLLFF", {.kl = 0.05, .exact = 0.95, .text_kl = std::nan("")});
        without.measurements.plans.push_back(measured("FFFLLLLF", {.text_kl = 0.5}));
        CompareModel model;
        model.setEntries(without.entries());
        const QModelIndex absent = model.index(model.rowOf("plan-FFLLLLFF"), CompareModel::TextKlColumn);
        QCOMPARE(absent.data().toString(), QStringLiteral("–"));
        QVERIFY(!absent.data(CompareModel::SortRole).isValid());
        QVERIFY(!absent.data(CompareModel::BestRole).toBool() && !absent.data(CompareModel::TiedRole).toBool());
        const QModelIndex uniform = model.index(model.rowOf("plan-FLFLFLFL"), CompareModel::TextKlColumn);
        QVERIFY(uniform.data(CompareModel::BestRole).toBool());
    }

    // Half a probe is shown with its own interval and takes no part in the contest.
    void aPartOfAProbeWinsNothing() {
        Study part = study();
        part.measurements.plans[1] = measured("FFLLLLFF", {.exact = 1.0, .sequences = 24, .planned = 48});
        CompareModel model;
        model.setEntries(part.entries());
        const QModelIndex recall = model.index(model.rowOf("plan-FFLLLLFF"), CompareModel::RecallColumn);
        QVERIFY(recall.data().toString().startsWith("1.00 ("));
        QVERIFY(!recall.data(CompareModel::BestRole).toBool() && !recall.data(CompareModel::TiedRole).toBool());
        QVERIFY(
            recall.data(Qt::ToolTipRole).toString().contains("24 sequences, of a probe that has not been finished"));
    }

    void sameEntriesKeepTheSelection() {
        CompareModel model;
        model.setEntries(study().entries());
        const QPersistentModelIndex kept = model.index(2, 0);
        Study changed = study();
        changed.measurements.plans[1].exact_match = {0.99, 0.9, 0.999, 40};
        model.setEntries(changed.entries());
        QVERIFY(kept.isValid());
        QCOMPARE(model.index(model.rowOf("plan-FFLLLLFF"), CompareModel::RecallColumn).data().toString(),
                 QString::fromUtf8("0.99 (0.90–1.00)"));
    }

    void csvHoldsTheNumbersInFull() {
        CompareModel model;
        model.setEntries(study().entries());
        const QStringList lines = model.csv().split(QChar('\n'), Qt::SkipEmptyParts);
        QCOMPARE(lines.size(), 6);
        QVERIFY(lines[0].contains("answer KL [nat]"));
        QVERIFY(lines[1].startsWith("teacher,8,,"));
        QVERIFY2(lines[2].startsWith("uniform-a K=4,4,0.7,0."), qPrintable(lines[2]));
        QCOMPARE(lines[0].split(QChar(',')).indexOf("recall, probe n"), -1);  // the title holds a comma, and is quoted
        QVERIFY(lines[0].contains("\"recall, probe n\""));
        QCOMPARE(lines[2].split(QChar(',')).at(5), QStringLiteral("40"));
    }

    void numbersAreShort() {
        QCOMPARE(fm::numberText(0.0612345), QStringLiteral("0.061"));
        QCOMPARE(fm::numberText(1.2345), QStringLiteral("1.23"));
        QCOMPARE(fm::numberText(0.000012), QStringLiteral("1.2e-05"));
        QCOMPARE(fm::numberText(std::nan("")), QStringLiteral("nan"));
        QCOMPARE(fm::shareText(fm::Estimate{0.871, 0.79, 0.923, 85}), QString::fromUtf8("0.87 (0.79–0.92)"));
        QCOMPARE(fm::shareText(fm::Estimate{1, 0.94, 1, 40}), QString::fromUtf8("1.00 (0.94–1.00)"));
        QCOMPARE(fm::shareText(fm::Estimate{0.998, 0.97, 0.9995, 900}), QString::fromUtf8("0.998 (0.970–1.000)"));
        QCOMPARE(fm::shareText(fm::Estimate{0.5, 0, 1, 0}), QString::fromUtf8("–"));
        QCOMPARE(fm::numberText(fm::Estimate{0.2987, 0.2123, 0.4111, 85}), QString::fromUtf8("0.30 (0.21–0.41)"));
        QCOMPARE(fm::numberText(fm::Estimate{0.00033, 0.0001, 0.0006, 85}),
                 QString::fromUtf8("0.0003 (0.0001–0.0006)"));
        QCOMPARE(fm::numberText(fm::Estimate{2.5, 1.5, 4.5, 8}), QString::fromUtf8("2.5 (1.5–4.5)"));
        QCOMPARE(fm::bytesText(6246), QStringLiteral("6.1 KiB"));
        QCOMPARE(fm::bytesText(512), QStringLiteral("512 B"));
        QCOMPARE(fm::tokensText(32768), QStringLiteral("32K"));
        QCOMPARE(fm::tokensText(500), QStringLiteral("500"));
    }
};

QTEST_MAIN(TestCompareModel)
#include "test_compare_model.moc"
