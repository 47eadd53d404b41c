// What is compared, what is pinned, and that nothing is invented for what nobody measured.
#include <QAbstractItemModelTester>
#include <QTest>
#include <cmath>

#include "tests/models/run_fixtures.h"
#include "widgets/models/compare_entries.h"
#include "widgets/models/compare_model.h"
#include "widgets/models/number_text.h"

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

fm::MeasuredPlan measured(const std::string& plan, double kl, double recall, const std::string& source) {
    fm::MeasuredPlan measured;
    measured.plan = plan;
    measured.budget = static_cast<int>(std::count(plan.begin(), plan.end(), 'F'));
    measured.answer_kl = kl;
    measured.exact_match = recall;
    measured.exact_match_half_width = 0.05;
    measured.run = "run-of-" + source;
    measured.source = source;
    return measured;
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
    study.measurements.plans = {measured("FLFLFLFL", 0.2, 0.7, "uniform-a"), measured("FFLLLLFF", 0.05, 0.95, "gates"),
                                measured("LLLLLLLL", 2.0, 0.1, "probe")};
    study.info.labels["h1"].name = "recovered K=4";
    study.info.artifacts["h1"] = {fm::ArtifactKind::Hybrid, "hybrids/h1", "run-d", {"run-d", "plan-FFLLLLFF"}};
    study.runs = {fixture::entry("20260304T100000Z-eval-dddddd", "eval", R"({"hybrid":"h1"})"),
                  fixture::entry("20260305T100000Z-eval-eeeeee", "eval", R"({"hybrid":"","layers":"all"})")};
    study.runs[0].figures.recall = 0.97;
    study.runs[0].figures.recall_low = 0.95;
    study.runs[0].figures.recall_high = 0.99;
    study.runs[1].figures.recall = 1.0;
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
        QVERIFY(!teacher.probe_recall.has_value());  // nobody probed it
        QCOMPARE(teacher.eval_recall->value, 1.0);
        QCOMPARE(teacher.cost->kv_bytes_per_token, std::int64_t{8 * 128});
        const CompareEntry* hybrid = find(entries, "recovered K=4");
        QVERIFY(hybrid != nullptr);
        QCOMPARE(hybrid->budget, 4);
        QCOMPARE(hybrid->eval_recall->value, 0.97);
        QVERIFY(!hybrid->probe_recall.has_value());  // its plan was probed before recovery, which is another thing
        QCOMPARE(hybrid->cost->kv_bytes_per_token, std::int64_t{4 * 128});
        QVERIFY(find(entries, "all linear") != nullptr);
        QVERIFY(find(entries, "gates K=4") != nullptr);
    }

    void aRunOfAHybridIsAboutItsPlan() {
        const Study made = study();
        QCOMPARE(fm::planOfRun(made.runs[0], made.info), std::string("FFLLLLFF"));
        QVERIFY(fm::planOfRun(made.runs[1], made.info).empty());
    }

    void aProbeOfTheTeacherIsItsOwn() {
        Study probed = study();
        probed.runs.push_back(fixture::entry("20260306T100000Z-probe-ffffff", "probe", R"({"layers":"all"})"));
        probed.runs.back().figures.plan = "FFFFFFFF";
        probed.runs.back().figures.recall = 0.84;
        QCOMPARE(probed.entries()[0].probe_recall->value, 0.84);
    }

    void plansOfOneBudgetAreToldApart() {
        Study two = study();
        two.measurements.plans.push_back(measured("FFFLLLLF", 0.3, 0.6, "probe"));
        two.measurements.plans.push_back(measured("LFFFLLLF", 0.3, 0.6, "probe"));
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

    void bestIsMarkedAmongHybrids() {
        CompareModel model;
        model.setEntries(study().entries());
        const int gates = model.rowOf("plan-FFLLLLFF");
        QVERIFY(model.index(gates, CompareModel::KlColumn).data(CompareModel::BestRole).toBool());
        QVERIFY(model.index(gates, CompareModel::RecallColumn).data(CompareModel::BestRole).toBool());
        // Among equals, and alone beside the teacher, nobody is the best.
        for (int row = 0; row < model.rowCount(); ++row) {
            QVERIFY(!model.index(row, CompareModel::TextKlColumn).data(CompareModel::BestRole).toBool());
            QVERIFY(!model.index(row, CompareModel::EvalColumn).data(CompareModel::BestRole).toBool());
        }
    }

    void sameEntriesKeepTheSelection() {
        CompareModel model;
        model.setEntries(study().entries());
        const QPersistentModelIndex kept = model.index(2, 0);
        Study changed = study();
        changed.measurements.plans[1].exact_match = 0.99;
        model.setEntries(changed.entries());
        QVERIFY(kept.isValid());
        QCOMPARE(model.index(model.rowOf("plan-FFLLLLFF"), CompareModel::RecallColumn).data().toString(),
                 QStringLiteral("0.99 ± 0.05"));
    }

    void csvHoldsTheNumbersInFull() {
        CompareModel model;
        model.setEntries(study().entries());
        const QStringList lines = model.csv().split(QChar('\n'), Qt::SkipEmptyParts);
        QCOMPARE(lines.size(), 6);
        QVERIFY(lines[0].contains("answer KL [nat]"));
        QVERIFY(lines[1].startsWith("teacher,8,,"));
        QVERIFY(lines[2].startsWith("uniform-a K=4,4,0.7,0.2,0,"));
    }

    void numbersAreShort() {
        QCOMPARE(fm::numberText(0.0612345), QStringLiteral("0.061"));
        QCOMPARE(fm::numberText(1.2345), QStringLiteral("1.23"));
        QCOMPARE(fm::numberText(0.000012), QStringLiteral("1.2e-05"));
        QCOMPARE(fm::numberText(std::nan("")), QStringLiteral("nan"));
        QCOMPARE(fm::measuredShareText(0.931, 0.021), QStringLiteral("0.93 ± 0.02"));
        QCOMPARE(fm::measuredShareText(0.931, 0), QStringLiteral("0.93"));
        QCOMPARE(fm::shareWithinText(0.931, 0.882, 0.96), QStringLiteral("0.93 (95 %: 0.88 to 0.96)"));
        QCOMPARE(fm::shareWithinText(0.931, std::nullopt, std::nullopt), QStringLiteral("0.93"));
        QCOMPARE(fm::bytesText(6246), QStringLiteral("6.1 KiB"));
        QCOMPARE(fm::bytesText(512), QStringLiteral("512 B"));
        QCOMPARE(fm::tokensText(32768), QStringLiteral("32K"));
        QCOMPARE(fm::tokensText(500), QStringLiteral("500"));
    }
};

QTEST_MAIN(TestCompareModel)
#include "test_compare_model.moc"
