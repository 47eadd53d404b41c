// A stopped gate run goes on bit for bit, wherever it was stopped: between steps, before the first, in a probe, in the
// swaps, after a live change.
#include <ATen/ATen.h>

#include <QTemporaryDir>
#include <QtTest>

#include "core/engine/job_checkpoint.h"
#include "core/model/device.h"
#include "tests/engine/gates_job.h"

using namespace fm;
using namespace fm::testing;

namespace {

GatesSpec probed() {
    GatesSpec spec = tinyGates();
    spec.probe_every = 4;
    spec.swap_refine = true;
    return spec;
}

// What a run file would hold after the stop: the rows that the checkpoint counts on.
std::vector<Row> keptRows(const GateJob& job, int table, const std::string& checkpoint_path) {
    const std::optional<JobCheckpoint> checkpoint = loadJobCheckpoint(checkpoint_path);
    std::vector<Row> rows = job.harness.rows(table);
    const std::int64_t kept = checkpoint ? checkpoint->rows.at(static_cast<std::size_t>(table)) : 0;
    if (kept > static_cast<std::int64_t>(rows.size())) return {};  // fails the comparison
    rows.resize(static_cast<std::size_t>(kept));
    return rows;
}

// Wall time differs between runs.
std::vector<Row> withoutTime(std::vector<Row> rows, int table) {
    if (table == 0)
        for (Row& row : rows) row[1] = 0.0;
    return rows;
}

}  // namespace

class TestGatesResume : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { setThreads(1); }
    void stoppedAnywhereItGoesOnExactly_data();
    void stoppedAnywhereItGoesOnExactly();
    void changedSettingsAreKept();
    void damagedCheckpointsAreRefused();
};

void TestGatesResume::stoppedAnywhereItGoesOnExactly_data() {
    QTest::addColumn<int>("stop_after_rows");  // rows of all tables together, the local errors first
    QTest::addColumn<bool>("in_probe");
    QTest::newRow("before the first step") << 0 << false;
    QTest::newRow("after the first step") << 2 << false;
    QTest::newRow("between steps") << 8 << false;
    QTest::newRow("in the first probe") << 5 << true;
    QTest::newRow("at a later probe") << 10 << false;  // its plan may be known already
    QTest::newRow("at the last probe") << 15 << false;
    QTest::newRow("in the swaps") << 16 << true;
}

void TestGatesResume::stoppedAnywhereItGoesOnExactly() {
    QFETCH(int, stop_after_rows);
    QFETCH(bool, in_probe);
    GateJob whole;
    whole.spec = probed();
    whole.with_probes = true;
    const GatesResult expected = whole.run();

    const QTemporaryDir folder;
    const std::string path = folder.filePath("state.safetensors").toStdString();
    GateJob stopped;
    stopped.spec = probed();
    stopped.with_probes = true;
    stopped.checkpoint_path = path;
    if (stop_after_rows == 0) stopped.harness.control.stop();
    stopped.harness.sink.after_row = [&](int, const Row&) {
        if (static_cast<int>(stopped.harness.sink.rows.size()) == stop_after_rows) stopped.harness.control.stop();
    };
    QVERIFY_EXCEPTION_THROWN(stopped.run(), Cancelled);
    if (in_probe) QCOMPARE(static_cast<int>(stopped.harness.sink.rows.size()), stop_after_rows);

    GateJob resumed;
    resumed.spec = probed();
    resumed.with_probes = true;
    resumed.checkpoint_path = path;
    std::vector<std::vector<Row>> rows = {keptRows(stopped, 0, path), keptRows(stopped, 1, path),
                                          keptRows(stopped, 2, path)};
    const GatesResult result = resumed.run();
    for (int table : {0, 1, 2}) {
        std::vector<Row>& all = rows[static_cast<std::size_t>(table)];
        const std::vector<Row> rest = resumed.harness.rows(table);
        all.insert(all.end(), rest.begin(), rest.end());
        QVERIFY(withoutTime(all, table) == withoutTime(whole.harness.rows(table), table));
    }
    QCOMPARE(result.alpha_L, expected.alpha_L);
    QCOMPARE(result.averaged_L, expected.averaged_L);
    QCOMPARE(result.lambda, expected.lambda);
    QCOMPARE(result.plan.key(), expected.plan.key());
}

void TestGatesResume::changedSettingsAreKept() {
    const auto change = [](GateJob& job) {
        job.harness.sink.after_row = [&job](int table, const Row& row) {
            if (table != 0) return;
            const std::int64_t step = std::get<std::int64_t>(row[0]);
            if (step == 2) {
                job.harness.control.set("lr", 0.2);
                job.harness.control.set("budget", 3);
                job.harness.control.set("dual_rate", 0.3);
            }
            if (step == 7 && !job.checkpoint_path.empty()) job.harness.control.stop();
        };
    };
    GateJob whole;
    change(whole);
    const GatesResult expected = whole.run();
    const QTemporaryDir folder;
    GateJob stopped;
    stopped.checkpoint_path = folder.filePath("state.safetensors").toStdString();
    change(stopped);
    QVERIFY_EXCEPTION_THROWN(stopped.run(), Cancelled);
    GateJob resumed;
    resumed.checkpoint_path = stopped.checkpoint_path;
    const GatesResult result = resumed.run();
    QCOMPARE(result.alpha_L, expected.alpha_L);
    QCOMPARE(result.lambda, expected.lambda);
    QCOMPARE(result.plan.budget(), 3);
}

void TestGatesResume::damagedCheckpointsAreRefused() {
    const QTemporaryDir folder;
    const QString path = folder.filePath("state.safetensors");
    GateJob stopped;
    stopped.checkpoint_path = path.toStdString();
    stopped.harness.sink.after_row = [&](int, const Row&) { stopped.harness.control.stop(); };
    QVERIFY_EXCEPTION_THROWN(stopped.run(), Cancelled);
    QFile file(path);
    QVERIFY(file.resize(file.size() - 3));
    GateJob resumed;
    resumed.checkpoint_path = path.toStdString();
    QVERIFY_EXCEPTION_THROWN(resumed.run(), FormatError);
}

QTEST_GUILESS_MAIN(TestGatesResume)
#include "test_gates_resume.moc"
