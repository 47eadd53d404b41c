// Pause, single step and stop between two real threads.
#include "core/run/run_control.h"

#include <QTest>

#include <atomic>
#include <chrono>
#include <thread>

using namespace std::chrono_literals;

namespace {

// A job of `micro` micro-batches per step that counts what it did and where it waits.
struct Worker {
    explicit Worker(int micro_batches) : micro(micro_batches), thread([this] { run(); }) {}
    ~Worker() {
        control.stop();
        thread.join();
    }
    void run() {
        const auto told = [this](bool waiting) {
            is_waiting = waiting;
            ++(waiting ? pauses : resumes);
        };
        for (;;) {
            if (control.gate(true, told) == fm::RunControl::Proceed::Stop) break;
            for (int i = 0; i < micro; ++i) {
                if (control.gate(false, told) == fm::RunControl::Proceed::Stop) break;
                std::this_thread::sleep_for(1ms);
                ++batches;
            }
            if (control.stopRequested()) break;
            ++steps;
        }
        ended = true;
    }
    bool waits() {
        return QTest::qWaitFor([this] { return is_waiting.load(); }, 5000);
    }

    const int micro;
    fm::RunControl control;
    std::atomic<int> steps = 0;
    std::atomic<int> batches = 0;
    std::atomic<int> pauses = 0;
    std::atomic<int> resumes = 0;
    std::atomic<bool> is_waiting = false;
    std::atomic<bool> ended = false;
    std::thread thread;  // last: everything above exists before it runs
};

}  // namespace

class TestRunControl : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void passesAtOnceWhenNothingIsAsked() {
        fm::RunControl control;
        bool told = false;
        for (int i = 0; i < 1000; ++i)
            QVERIFY(control.gate(i % 2, [&](bool) { told = true; }) == fm::RunControl::Proceed::Go);
        QVERIFY(!told);
    }

    void pauseHaltsWithinAMicroBatchAndResumeGoesOn() {
        Worker worker(1000);
        QVERIFY(QTest::qWaitFor([&] { return worker.batches > 3; }, 5000));
        const auto asked = std::chrono::steady_clock::now();
        worker.control.pause();
        QVERIFY(worker.waits());
        QVERIFY(std::chrono::steady_clock::now() - asked <
                1s);                       // a micro-batch takes 1 ms here; the rest is the machine
        QCOMPARE(worker.steps.load(), 0);  // it did not need the step's end
        const int at_pause = worker.batches;
        std::this_thread::sleep_for(50ms);
        QCOMPARE(worker.batches.load(), at_pause);
        worker.control.resume();
        QVERIFY(QTest::qWaitFor([&] { return worker.batches > at_pause + 3; }, 5000));
        QCOMPARE(worker.pauses.load(), 1);
        QCOMPARE(worker.resumes.load(), 1);
    }

    void stepOnceRunsToTheNextBoundary() {
        Worker worker(4);
        worker.control.pause();
        QVERIFY(worker.waits());
        const int steps = worker.steps;
        for (int i = 1; i <= 3; ++i) {
            worker.control.stepOnce();
            QVERIFY(QTest::qWaitFor([&] { return worker.pauses == 1 + i; }, 5000));
            QCOMPARE(worker.steps.load(), steps + i);
            QCOMPARE(worker.batches.load(), worker.steps * 4);  // always at a boundary, never in the middle
        }
    }

    void stepRequestsAddUp() {
        Worker worker(2);
        worker.control.pause();
        QVERIFY(worker.waits());
        worker.control.stepOnce();  // finishes the step that the pause may have cut
        QVERIFY(QTest::qWaitFor([&] { return worker.pauses == 2; }, 5000));
        const int steps = worker.steps;
        for (int i = 0; i < 5; ++i) worker.control.stepOnce();
        QVERIFY(QTest::qWaitFor([&] { return worker.steps == steps + 5 && worker.is_waiting; }, 5000));
        std::this_thread::sleep_for(30ms);
        QCOMPARE(worker.steps.load(), steps + 5);
    }

    void stepOnceWhileRunningHaltsAtTheBoundary() {
        Worker worker(20);
        QVERIFY(QTest::qWaitFor([&] { return worker.batches > 2; }, 5000));
        worker.control.stepOnce();
        QVERIFY(worker.waits());
        QCOMPARE(worker.batches.load(), worker.steps * 20);
    }

    void stopEndsARunningAndAPausedJob() {
        for (const bool paused : {false, true}) {
            Worker worker(1000);
            QVERIFY(QTest::qWaitFor([&] { return worker.batches > 1; }, 5000));
            if (paused) {
                worker.control.pause();
                QVERIFY(worker.waits());
            }
            worker.control.stop();
            QVERIFY(QTest::qWaitFor([&] { return worker.ended.load(); }, 5000));
            QVERIFY(worker.control.stopRequested());
            QCOMPARE(worker.pauses.load(), worker.resumes.load());
        }
    }

    void aSlowListenerBlocksNobody() {
        fm::RunControl control;
        control.pause();
        std::atomic<bool> in_listener = false;
        std::atomic<bool> release = false;
        std::thread job([&] {
            control.gate(true, [&](bool waiting) {
                if (!waiting) return;
                in_listener = true;
                while (!release) std::this_thread::sleep_for(1ms);
            });
        });
        const bool reached = QTest::qWaitFor([&] { return in_listener.load(); }, 5000);
        control.stop();  // would hang here if the lock were held
        release = true;
        job.join();
        QVERIFY(reached);
    }

    void changesAreTakenOnceAndTheLastValueWins() {
        fm::RunControl control;
        control.set("lambda", 0.1);
        control.set("budget", 4);
        control.set("lambda", 0.2);
        const std::map<std::string, double> expected{{"budget", 4}, {"lambda", 0.2}};
        QVERIFY(control.takeChanges() == expected);
        QVERIFY(control.takeChanges().empty());
    }
};

QTEST_GUILESS_MAIN(TestRunControl)
#include "test_run_control.moc"
