// One job as the command line runs it: states, exit codes, Ctrl-C, resuming. The run file is read by core/store.
#include <ATen/ATen.h>

#include <sys/wait.h>
#include <unistd.h>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <csignal>
#include <filesystem>
#include <thread>

#include "app/cli/interrupt.h"
#include "app/cli/terminal_job.h"
#include "core/base/assert.h"
#include "core/base/error.h"
#include "core/engine/job_checkpoint.h"
#include "core/jobs/job_runner.h"
#include "core/store/run_reader.h"
#include "core/store/run_record.h"
#include "core/store/run_report.h"

namespace fm::cli {

namespace {

constexpr int kSteps = 10;

const Table kTable = {"steps", {{"series/loss", CellType::Float64, 1, "nat", "a loss"}}};

void openRun(JobContext& context, const JobFiles& files) {
    RunOpened header = runHeader(files, "toy", {{"steps", kSteps}});
    header.device = "cpu";
    header.tables = {kTable};
    context.open(header);
}

std::string onlyRun(const QTemporaryDir& folder) {
    std::string found;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path().toStdString())) {
        if (entry.path().extension() == ".h5") found = entry.path().string();
    }
    return found;
}

RunPlace placeIn(const QTemporaryDir& folder) { return {"toy", folder.path().toStdString(), {}}; }

// At a terminal that shows nothing.
int runQuietly(const RunPlace& place, const JobBody& body) {
    GlobalOptions global;
    global.quiet = true;
    return runJob(global, place, body, {});
}

}  // namespace

class TestJobRunner : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void finishedRunIsStored();
    void failuresHaveTheirCodes_data();
    void failuresHaveTheirCodes();
    void withoutStudyNothingIsStored();
    void firstSignalStopsAndKeeps();
    void handlersHaveAStackOfTheirOwn();
    void secondSignalQuits();
    void hangupIsLikeTermination();
    void beforeAGuardSignalsQuit();
    void aDeletedRunFileIsAFailure();
    void resumeKeepsTheCheckpointedRows();
    void resumeBeginsAgainWhenRowsAreMissing();
    void resumeBeginsAgainWithoutAUsableCheckpoint_data();
    void resumeBeginsAgainWithoutAUsableCheckpoint();
    void aCheckpointRefusedLateIsRemoved();
    void resumeRefusesOtherRuns();
    void resumeLeavesFinishedRunsAlone();
};

void TestJobRunner::finishedRunIsStored() {
    const QTemporaryDir folder;
    const int code = runQuietly(placeIn(folder), [](JobContext& context, const JobFiles& files) {
        openRun(context, files);
        for (int step = 0; step < kSteps; ++step) context.append(0, {0.5 * step});
        QFile checkpoint(QString::fromStdString(files.checkpoint_path));
        if (!checkpoint.open(QIODevice::WriteOnly)) throw WorldError("no checkpoint");
        return JobOutcome{};
    });
    QCOMPARE(code, 0);
    const RunReport report = readRunFile(onlyRun(folder));
    QCOMPARE(report.status, std::string("finished"));
    QCOMPARE(report.rows, (std::vector<std::int64_t>{kSteps}));
    QCOMPARE(std::get<double>(report.last_rows[0][0]), 4.5);
    QCOMPARE(report.header.job, std::string("toy"));
    QVERIFY(report.header.software.find("LibTorch 2.") != std::string::npos);
    for (const auto& entry : std::filesystem::directory_iterator(folder.path().toStdString())) {
        QVERIFY(entry.path().string().find(".state.") == std::string::npos);  // finished runs have no checkpoint
    }
}

using Thrower = void (*)();

void TestJobRunner::failuresHaveTheirCodes_data() {
    QTest::addColumn<Thrower>("fail");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("status");
    QTest::addColumn<QString>("text");
    const auto row = [](const char* name, Thrower fail, int code, const char* status, const char* text) {
        QTest::newRow(name) << fail << code << QString(status) << QString(text);
    };
    row(
        "world", [] { throw WorldError("disk.bin: the disk is full; make room"); }, 1, "failed", "disk is full");
    row(
        "input",
        [] {
            throw InputError({"gates.budget", "99", "an integer from 0 to 30"});
        },
        2, "failed", "budget");
    row(
        "cancelled", [] { throw Cancelled(); }, 130, "cancelled", "");
    row(
        "no memory", [] { throw std::bad_alloc(); }, 1, "failed", "not enough memory");
    row(
        "our own mistake", [] { FM_ASSERT(1 + 1 == 3, "sums are right"); }, 1, "failed",
        "a mistake in FlashMorph itself: sums are right (1 + 1 == 3, tests/app/test_job_runner.cpp:");
    row(
        "LibTorch",
        [] {
            at::zeros({2, 3}).mm(at::zeros({2, 3}));
        },
        1, "failed", "mat1");
    row(
        "LibTorch without memory", [] { at::empty({std::int64_t{1} << 50}); }, 1, "failed", "not enough memory");
}

void TestJobRunner::failuresHaveTheirCodes() {
    QFETCH(Thrower, fail);
    QFETCH(int, code);
    QFETCH(QString, status);
    QFETCH(QString, text);
    const QTemporaryDir folder;
    const int got = runQuietly(placeIn(folder), [fail](JobContext& context, const JobFiles& files) {
        openRun(context, files);
        context.append(0, {1.0});
        fail();
        return JobOutcome{};
    });
    QCOMPARE(got, code);
    const RunReport report = readRunFile(onlyRun(folder));
    QCOMPARE(QString::fromStdString(report.status), status);
    QVERIFY2(QString::fromStdString(report.status_text).contains(text), report.status_text.c_str());
    QCOMPARE(report.rows, (std::vector<std::int64_t>{1}));  // what there was is kept
}

void TestJobRunner::withoutStudyNothingIsStored() {
    const int code = runQuietly({"toy", {}, {}}, [](JobContext& context, const JobFiles& files) {
        if (!files.checkpoint_path.empty()) throw WorldError("there is nowhere to store a checkpoint");
        openRun(context, files);
        context.append(0, {1.0});
        return JobOutcome{};
    });
    QCOMPARE(code, 0);
}

// The frame of a handler on the job's own stack broke the heap in the middle of oneDNN's matrix products.
void TestJobRunner::handlersHaveAStackOfTheirOwn() {
    const auto own_stack = [] {
        stack_t stack = {};
        sigaltstack(nullptr, &stack);
        return (stack.ss_flags & SS_DISABLE) == 0;
    };
    const bool before = own_stack();
    {
        const InterruptGuard guard([] {});
        QVERIFY(own_stack());
        for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
            struct sigaction action = {};
            QCOMPARE(sigaction(signal, nullptr, &action), 0);
            QVERIFY(action.sa_flags & SA_ONSTACK);
        }
    }
    QCOMPARE(own_stack(), before);
}

void TestJobRunner::firstSignalStopsAndKeeps() {
    const QTemporaryDir folder;
    struct sigaction before = {}, after = {};
    QCOMPARE(sigaction(SIGINT, nullptr, &before), 0);
    int steps_after_signal = 0;
    const int code = runQuietly(placeIn(folder), [&](JobContext& context, const JobFiles& files) {
        openRun(context, files);
        context.append(0, {1.0});
        std::raise(SIGINT);
        for (;; ++steps_after_signal) {
            context.checkpointGate(true);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return JobOutcome{};
    });
    QCOMPARE(code, 130);
    QVERIFY(steps_after_signal < 1000);
    QCOMPARE(readRunFile(onlyRun(folder)).status, std::string("cancelled"));
    QCOMPARE(sigaction(SIGINT, nullptr, &after), 0);
    QVERIFY(after.sa_handler == before.sa_handler);  // the guard has put the usual effect back
}

// In a child, because the second signal ends the process; this body never looks at the first.
void TestJobRunner::secondSignalQuits() {
    const pid_t child = fork();
    if (child == 0) {
        runQuietly({"toy", {}, {}}, [](JobContext& context, const JobFiles& files) {
            openRun(context, files);
            std::raise(SIGINT);
            std::raise(SIGINT);
            _exit(7);  // not reached
            return JobOutcome{};
        });
        _exit(8);
    }
    int status = 0;
    QCOMPARE(waitpid(child, &status, 0), child);
    QVERIFY(WIFEXITED(status));
    QCOMPARE(WEXITSTATUS(status), 130);
}

// A closed terminal or ssh connection. `nohup` has the signal ignored, and that stays so.
void TestJobRunner::hangupIsLikeTermination() {
    const QTemporaryDir folder;
    int gates = 0;
    const auto body = [&](JobContext& context, const JobFiles& files) {
        openRun(context, files);
        std::raise(SIGHUP);
        for (gates = 0; gates < 300; ++gates) {
            context.checkpointGate(true);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return JobOutcome{};
    };
    QCOMPARE(runQuietly(placeIn(folder), body), 130);
    QCOMPARE(readRunFile(onlyRun(folder)).status, std::string("cancelled"));
    std::signal(SIGHUP, SIG_IGN);
    const QTemporaryDir another;
    QCOMPARE(runQuietly(placeIn(another), body), 0);
    QCOMPARE(gates, 300);
    QVERIFY(std::signal(SIGHUP, SIG_DFL) == SIG_IGN);
}

// In children, which the signals end.
void TestJobRunner::beforeAGuardSignalsQuit() {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGXFSZ}) {
        const pid_t child = fork();
        if (child == 0) {
            prepareSignals();
            {
                const InterruptGuard guard([] {});
            }  // which puts back what there was
            std::raise(signal);
            _exit(7);
        }
        int status = 0;
        QCOMPARE(waitpid(child, &status, 0), child);
        QVERIFY(WIFEXITED(status));
        QCOMPARE(WEXITSTATUS(status), signal == SIGXFSZ ? 7 : 130);
    }
}

void TestJobRunner::aDeletedRunFileIsAFailure() {
    const QTemporaryDir folder;
    const int code = runQuietly(placeIn(folder), [&](JobContext& context, const JobFiles& files) {
        openRun(context, files);
        context.append(0, {1.0});
        if (!QFile::remove(QString::fromStdString(onlyRun(folder)))) throw InputError({"test", "", "a run file"});
        return JobOutcome{};
    });
    QCOMPARE(code, 1);
}

void TestJobRunner::resumeKeepsTheCheckpointedRows() {
    const QTemporaryDir folder;
    const RunPlace place = placeIn(folder);
    std::string run_id;
    runQuietly(place, [&](JobContext& context, const JobFiles& files) {
        run_id = files.run_id;
        openRun(context, files);
        for (int step = 0; step < 7; ++step) context.append(0, {1.0 * step});
        JobCheckpoint checkpoint = checkpointOf(context.header(), 4);
        checkpoint.rows = {4};  // three rows came after it
        saveJobCheckpoint(files.checkpoint_path, checkpoint);
        throw Cancelled();
        return JobOutcome{};
    });
    RunPlace again = place;
    again.resume_id = run_id;
    QCOMPARE(storedSpec(again).dump(), std::string(R"({"steps":10})"));
    const int code = runQuietly(again, [&](JobContext& context, const JobFiles& files) {
        if (files.run_id != run_id || loadJobCheckpoint(files.checkpoint_path)->step != 4) throw WorldError("lost");
        openRun(context, files);
        for (int step = 4; step < kSteps; ++step) context.append(0, {10.0 * step});
        return JobOutcome{};
    });
    QCOMPARE(code, 0);
    const RunReader reader(onlyRun(folder));
    QCOMPARE(reader.state(), RunState::Finished);
    QCOMPARE(reader.readNumbers("series/loss"), (std::vector<double>{0, 1, 2, 3, 40, 50, 60, 70, 80, 90}));
}

// The checkpoint reached the disk and the rows did not: going on would leave a hole in the record.
void TestJobRunner::resumeBeginsAgainWhenRowsAreMissing() {
    const QTemporaryDir folder;
    RunPlace place = placeIn(folder);
    runQuietly(place, [&](JobContext& context, const JobFiles& files) {
        place.resume_id = files.run_id;
        openRun(context, files);
        for (int step = 0; step < 3; ++step) context.append(0, {1.0 * step});
        JobCheckpoint checkpoint = checkpointOf(context.header(), 4);
        checkpoint.rows = {4};
        saveJobCheckpoint(files.checkpoint_path, checkpoint);
        throw Cancelled();
        return JobOutcome{};
    });
    const int code = runQuietly(place, [&](JobContext& context, const JobFiles& files) {
        if (loadJobCheckpoint(files.checkpoint_path)) throw WorldError("it would go on at step 4");
        openRun(context, files);
        context.append(0, {7.0});
        return JobOutcome{};
    });
    QCOMPARE(code, 0);
    QCOMPARE(RunReader(onlyRun(folder)).readNumbers("series/loss"), (std::vector<double>{7}));
}

using Spoiler = void (*)(const std::string& path);

void TestJobRunner::resumeBeginsAgainWithoutAUsableCheckpoint_data() {
    QTest::addColumn<Spoiler>("spoil");
    QTest::addColumn<QString>("said");
    QTest::newRow("damaged") << Spoiler([](const std::string& path) {
        std::filesystem::resize_file(path, std::filesystem::file_size(path) - 3);
    }) << "file: ";
    QTest::newRow("of another run") << Spoiler([](const std::string& path) {
        JobCheckpoint checkpoint = loadJobCheckpoint(path).value();
        checkpoint.run_id = "20260314T150926Z-toy-3fa9c1";
        saveJobCheckpoint(path, checkpoint);
    }) << "20260314T150926Z-toy-3fa9c1";
    QTest::newRow("of another spec") << Spoiler([](const std::string& path) {
        JobCheckpoint checkpoint = loadJobCheckpoint(path).value();
        checkpoint.spec_hash = "";
        saveJobCheckpoint(path, checkpoint);
    }) << "another spec";
    QTest::newRow("without rows") << Spoiler([](const std::string& path) {
        JobCheckpoint checkpoint = loadJobCheckpoint(path).value();
        checkpoint.rows.clear();
        saveJobCheckpoint(path, checkpoint);
    }) << "counts 0 tables";
}

void TestJobRunner::resumeBeginsAgainWithoutAUsableCheckpoint() {
    QFETCH(Spoiler, spoil);
    QFETCH(QString, said);
    const QTemporaryDir folder;
    RunPlace place = placeIn(folder);
    runQuietly(place, [&](JobContext& context, const JobFiles& files) {
        place.resume_id = files.run_id;
        openRun(context, files);
        for (int step = 0; step < 3; ++step) context.append(0, {1.0 * step});
        JobCheckpoint checkpoint = checkpointOf(context.header(), 2);
        checkpoint.rows = {2};
        checkpoint.tensors["values"] = at::ones({8});
        saveJobCheckpoint(files.checkpoint_path, checkpoint);
        spoil(files.checkpoint_path);
        throw Cancelled();
        return JobOutcome{};
    });
    const int code = runQuietly(place, [&](JobContext& context, const JobFiles& files) {
        if (loadJobCheckpoint(files.checkpoint_path)) throw WorldError("it would go on at step 2");
        openRun(context, files);
        context.append(0, {7.0});
        return JobOutcome{};
    });
    QCOMPARE(code, 0);
    const RunReader reader(onlyRun(folder));
    QCOMPARE(reader.readNumbers("series/loss"), (std::vector<double>{7}));
    const std::vector<LogLine> log = reader.readLog();
    QVERIFY(!log.empty() && log[0].severity == Severity::Warning);
    const QString text = QString::fromStdString(log[0].text);
    QVERIFY2(text.contains(".state.safetensors: ") && text.contains(said) && text.contains("starts from its beginning"),
             qPrintable(text));
}

// What only the job itself can find out fails the run once, and the next start is not held up by it.
void TestJobRunner::aCheckpointRefusedLateIsRemoved() {
    const QTemporaryDir folder;
    std::string path;
    const int code = runQuietly(placeIn(folder), [&](JobContext& context, const JobFiles& files) {
        openRun(context, files);
        path = files.checkpoint_path;
        saveJobCheckpoint(path, checkpointOf(context.header(), 2));
        throw CheckpointError(path, "gates", "is missing");
        return JobOutcome{};
    });
    QCOMPARE(code, 1);
    QVERIFY(!std::filesystem::exists(path));
    const RunReport report = readRunFile(onlyRun(folder));
    QVERIFY2(report.status_text.find("resume the run once more") != std::string::npos, report.status_text.c_str());
}

void TestJobRunner::resumeLeavesFinishedRunsAlone() {
    const QTemporaryDir folder;
    RunPlace place = placeIn(folder);
    const JobBody body = [&](JobContext& context, const JobFiles& files) {
        place.resume_id = files.run_id;
        openRun(context, files);
        context.append(0, {1.0});
        return JobOutcome{};
    };
    QCOMPARE(runQuietly(place, body), 0);
    QVERIFY_EXCEPTION_THROWN(runQuietly(place, body), InputError);
    QCOMPARE(RunReader(onlyRun(folder)).state(), RunState::Finished);
}

void TestJobRunner::resumeRefusesOtherRuns() {
    const QTemporaryDir folder;
    std::string run_id;
    runQuietly(placeIn(folder), [&](JobContext& context, const JobFiles& files) {
        run_id = files.run_id;
        openRun(context, files);
        return JobOutcome{};
    });
    RunPlace place = placeIn(folder);
    for (const std::string id : {"", "../../etc/passwd", "20260314T150926Z-toy-3fa9c1"}) {
        place.resume_id = id;
        QVERIFY_EXCEPTION_THROWN(storedSpec(place), InputError);
    }
    place.resume_id = run_id;
    place.job = "other";
    QVERIFY_EXCEPTION_THROWN(storedSpec(place), InputError);
}

}  // namespace fm::cli

QTEST_GUILESS_MAIN(fm::cli::TestJobRunner)
#include "test_job_runner.moc"
