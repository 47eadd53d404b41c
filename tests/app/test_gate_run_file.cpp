// Plans out of the run file of a gate run, which the test writes itself: every step, budgets, pins, swaps. Each run is
// written as HDF5 and as JSON lines, and both must give the same plan.
#include <ATen/ATen.h>

#include <QTemporaryDir>
#include <QTest>

#include "core/base/error.h"
#include "core/engine/gates.h"
#include "core/plan/gate_plan.h"
#include "core/plan/gate_tables.h"
#include "core/plan/plan_spelling.h"
#include "core/plan/probe_tables.h"
#include "core/results/gate_run_plan.h"
#include "core/store/jsonl_writer.h"
#include "core/store/run_writer.h"

namespace fm::cli {

namespace {

constexpr const char* kRun = "20260301T000001Z-gates-000001";
constexpr const char* kAlign = "20260301T000002Z-align-000002";

}  // namespace

class TestGateRunFile : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init() {
        folder_ = std::make_unique<QTemporaryDir>();
        local_error_.clear();
    }
    void stepsAndModes();
    void theLiveBudgetCounts();
    void swapsBelongToTheEnd();
    void theRunsOwnPinsStay();
    void whatIsNoGateRunIsRefused();
    void whatDoesNotFitTheGatesIsNotTaken();

private:
    // Three steps of four layers; the budget of the last step is `last_budget`.
    void write(const char* mode, double last_budget, const std::string& swapped_to, RunState end,
               const std::string& pins = "[]") const;
    std::string plan(std::int64_t step, std::int64_t budget, const std::vector<Pin>& pins = {}) const {
        PlanChoice choice;
        choice.step = step;
        choice.budget = budget;
        const std::string key = planOfRun(path(kRun), choice, pins).key();
        const std::string from_lines = planOfRun(path(kRun, ".jsonl"), choice, pins).key();
        return key == from_lines ? key : key + " but " + from_lines + " from JSON lines";
    }
    std::string path(const char* run, const char* suffix = ".h5") const {
        return folder_->filePath(QString(run) + suffix).toStdString();
    }
    std::unique_ptr<QTemporaryDir> folder_;
    std::vector<float> local_error_;  // none: as older runs
};

void TestGateRunFile::write(const char* mode, double last_budget, const std::string& swapped_to, RunState end,
                            const std::string& pins) const {
    RunOpened header;
    header.run_id = kRun;
    header.job = "gates";
    header.spec_json = std::string(R"({"budget": 1, "mode": ")") + mode + "\", \"pins\": " + pins + "}";
    header.tables = gatesTables(4);
    const std::unique_ptr<RunWriter> writer = RunWriter::inFolder(folder_->path().toStdString());
    const std::unique_ptr<JsonlWriter> lines = JsonlWriter::inFolder(folder_->path().toStdString());
    std::uint64_t seq = 0;
    const auto post = [&](const EventBody& body) {
        writer->post({seq, 0, body});
        lines->post({seq++, 0, body});
    };
    post(header);
    if (!local_error_.empty()) post(RowAppended{2, {local_error_}});
    const std::vector<std::vector<float>> alpha = {{1, 1, 1, 1}, {0.9f, 0, 0.5f, 1}, {0, 0.1f, 0.9f, 0.2f}};
    const std::vector<std::vector<float>> mean = {{1, 1, 1, 1}, {0.95f, 0.5f, 0.75f, 1}, {0.6f, 0.4f, 0.8f, 0.7f}};
    for (std::size_t s = 0; s < 3; ++s) {
        const std::vector<float> none(4, 0.0f);
        const double budget = s == 2 ? last_budget : 1;
        const Row row = {static_cast<std::int64_t>(s),
                         0.0,
                         std::int64_t{0},
                         0.0,
                         0.0,
                         0.0,
                         0.0,
                         0.0,
                         0.0,
                         0.0,
                         0.0,
                         budget,
                         0.0,
                         alpha[s],
                         mean[s],
                         none,
                         none};
        post(RowAppended{0, row});
    }
    if (!swapped_to.empty())
        post(RowAppended{1, probeRow(2, planFromKey(swapped_to), ProbeScores{}, ProbePurpose::Choose)});
    post(StateChanged{end, ""});
    writer->close();
    lines->close();
}

void TestGateRunFile::stepsAndModes() {
    write("default", 1, "", RunState::Finished);
    QCOMPARE(plan(-1, -1), std::string("LLFL"));
    QCOMPARE(plan(0, 2), std::string("FFLL"));  // all equal, and no local errors in an older run: the lower index
    QCOMPARE(plan(1, 2), std::string("FLLF"));
    QCOMPARE(plan(2, 2), std::string("LLFF"));
    QCOMPARE(plan(2, 2, {{1, LayerKind::Full}, {2, LayerKind::Linear}}), std::string("LFLF"));
    QCOMPARE(rankedLayers(rankingOfRun(path(kRun), -1)), (std::vector<int>{2, 3, 0, 1}));
    folder_ = std::make_unique<QTemporaryDir>();
    write("paper", 1, "", RunState::Finished);
    QCOMPARE(plan(2, 3), std::string("LFFF"));  // by the last gates, not by their average
    for (const char* mode : {"paper", "default"}) {
        folder_ = std::make_unique<QTemporaryDir>();
        local_error_ = {0.5f, 0.1f, 0.9f, 0.7f};
        write(mode, 1, "", RunState::Finished);
        QCOMPARE(plan(0, 2), std::string("LLFF"));  // all gates at 1: the branches that do worst alone stay full
    }
}

void TestGateRunFile::theLiveBudgetCounts() {
    write("default", 3, "", RunState::Cancelled);
    QCOMPARE(plan(-1, -1), std::string("FLFF"));
    QCOMPARE(plan(1, -1), std::string("LLLF"));
}

void TestGateRunFile::swapsBelongToTheEnd() {
    write("default", 2, "FLLF", RunState::Finished);
    QCOMPARE(plan(-1, -1), std::string("FLLF"));
    QCOMPARE(plan(-1, 2), std::string("FLLF"));
    QCOMPARE(plan(-1, 1), std::string("LLFL"));                           // another budget
    QCOMPARE(plan(2, -1), std::string("LLFF"));                           // that step by itself
    QCOMPARE(plan(-1, -1, {{1, LayerKind::Full}}), std::string("LFFL"));  // pins of one's own
    folder_ = std::make_unique<QTemporaryDir>();
    write("default", 2, "FLLF", RunState::Cancelled);
    QCOMPARE(plan(-1, -1), std::string("LLFF"));  // a probe on the way is no end
}

// A plan of three layers cannot be the end of four gates, and a budget must be a number of layers.
void TestGateRunFile::whatDoesNotFitTheGatesIsNotTaken() {
    write("default", 2, "FLF", RunState::Finished);
    QCOMPARE(plan(-1, -1), std::string("LLFF"));
    for (const double budget : {std::nan(""), 1e300, -1.0}) {
        folder_ = std::make_unique<QTemporaryDir>();
        write("default", budget, "", RunState::Finished);
        QVERIFY_EXCEPTION_THROWN(plan(-1, -1), FormatError);
        QCOMPARE(plan(-1, 2), std::string("LLFF"));
    }
}

// Last averaged gates 0.6 0.4 0.8 0.7: without pins the two best are 2 and 3.
void TestGateRunFile::theRunsOwnPinsStay() {
    write("default", 2, "", RunState::Finished, R"(["1=full", "2=linear"])");
    QCOMPARE(plan(-1, -1), std::string("LFLF"));
    QCOMPARE(plan(-1, 3), std::string("FFLF"));  // at another budget too
    QCOMPARE(plan(-1, 2, {{1, LayerKind::Linear}}), std::string("FLLF"));
    QCOMPARE(plan(-1, 2, {{3, LayerKind::Linear}}), std::string("FFLL"));
    QVERIFY_EXCEPTION_THROWN(plan(-1, 0), InputError);  // below the pinned full layer
    folder_ = std::make_unique<QTemporaryDir>();
    write("default", 2, "FLFL", RunState::Finished, R"(["0=full"])");
    QCOMPARE(plan(-1, -1), std::string("FLFL"));                          // its swaps kept the pin
    QCOMPARE(plan(-1, -1, {{2, LayerKind::Full}}), std::string("FLFL"));  // so does a pin that agrees
    QCOMPARE(plan(-1, -1, {{1, LayerKind::Full}}), std::string("FFLL"));  // and this one does not
}

void TestGateRunFile::whatIsNoGateRunIsRefused() {
    QVERIFY_EXCEPTION_THROWN(plan(-1, -1), InputError);  // there is no such file
    write("default", 1, "", RunState::Finished);
    QVERIFY_EXCEPTION_THROWN(plan(3, -1), InputError);
    QVERIFY_EXCEPTION_THROWN(plan(-1, 5), InputError);
    RunOpened header;
    header.run_id = kAlign;
    header.job = "align";
    header.spec_json = "{}";
    header.tables = gatesTables(4);
    const std::unique_ptr<RunWriter> writer = RunWriter::inFolder(folder_->path().toStdString());
    writer->post({0, 0, header});
    writer->close();
    QVERIFY_EXCEPTION_THROWN(planOfRun(path(kAlign), {}, {}), InputError);
}

}  // namespace fm::cli

QTEST_GUILESS_MAIN(fm::cli::TestGateRunFile)
#include "test_gate_run_file.moc"
