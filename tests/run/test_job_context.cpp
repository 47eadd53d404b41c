// What a job says reaches every sink in order, numbered without gaps.
#include "core/run/job_context.h"

#include <QTest>

#include <atomic>
#include <chrono>
#include <thread>

#include "core/base/error.h"

using namespace std::chrono_literals;

namespace {

struct Recorder : fm::EventSink {
    std::vector<fm::RunEvent> events;
    void post(const fm::RunEvent& event) override { events.push_back(event); }
};

fm::RunOpened header() {
    fm::RunOpened opened;
    opened.run_id = "20260101T000000Z-gates-000000";
    opened.job = "gates";
    opened.tables = {{"steps", {{"steps/index", fm::CellType::Int64}, {"note", fm::CellType::Text, 8}}}};
    return opened;
}

template <class Body>
const Body& bodyOf(const fm::RunEvent& event) {
    return std::get<Body>(event.body);
}

}  // namespace

class TestJobContext : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void numbersEventsForEverySinkAlike() {
        fm::RunControl control;
        Recorder first;
        Recorder second;
        fm::JobContext context(control, {&first, &second});
        context.open(header());
        for (std::int64_t i = 0; i < 1000; ++i) context.append(0, {i, std::string("x")});
        context.log(fm::Severity::Warning, "[gates] lambda is low");
        context.progress(1, 2, "steps");
        context.state(fm::RunState::Finished);
        for (const Recorder* recorder : {&first, &second}) {
            QCOMPARE(recorder->events.size(), std::size_t{1004});
            double last_ms = 0;
            for (std::size_t i = 0; i < recorder->events.size(); ++i) {
                QCOMPARE(recorder->events[i].seq, std::uint64_t{i});
                QVERIFY(recorder->events[i].wall_ms >= last_ms);
                last_ms = recorder->events[i].wall_ms;
            }
            for (std::int64_t i = 0; i < 1000; ++i) {
                const fm::RowAppended& row = bodyOf<fm::RowAppended>(recorder->events[static_cast<std::size_t>(i) + 1]);
                QCOMPARE(std::get<std::int64_t>(row.row[0]), i);
            }
        }
        QCOMPARE(context.header().job, std::string("gates"));
    }

    void etaComesFromTheRateSinceTheFirstCall() {
        fm::RunControl control;
        Recorder recorder;
        fm::JobContext context(control, {&recorder});
        context.open(header());
        context.progress(100, 200, "steps");  // a resumed job: the first 100 took no time of this run
        std::this_thread::sleep_for(100ms);
        context.progress(110, 200, "steps", 512.0);
        const fm::RunEvent& late = recorder.events[2];
        const double elapsed_s = (late.wall_ms - recorder.events[1].wall_ms) / 1000;
        QCOMPARE(bodyOf<fm::Progressed>(recorder.events[1]).eta_s, -1.0);
        const double eta_s = bodyOf<fm::Progressed>(late).eta_s;
        QVERIFY2(std::abs(eta_s - 9 * elapsed_s) < 0.2 * 9 * elapsed_s, qPrintable(QString::number(eta_s)));
        QCOMPARE(bodyOf<fm::Progressed>(late).tokens_per_s, 512.0);
        context.progress(0, 50, "plans");  // a new phase
        QCOMPARE(bodyOf<fm::Progressed>(recorder.events[3]).eta_s, -1.0);
    }

    void progressTellsTheMemory() {
        fm::RunControl control;
        Recorder recorder;
        fm::JobContext context(control, {&recorder});
        context.open(header());
        context.progress(0, 9, "steps");
        QCOMPARE(bodyOf<fm::Progressed>(recorder.events[1]).memory_bytes, std::int64_t{0});  // nobody measures
        int asked = 0;
        context.setMemoryGauge([&asked] { return fm::MemoryUse{1000 * ++asked, 9000}; });
        for (int i = 1; i < 5; ++i) context.progress(i, 9, "steps");
        QCOMPARE(asked, 1);  // not for each step of a fast job
        std::this_thread::sleep_for(600ms);
        context.progress(5, 9, "steps");
        QCOMPARE(bodyOf<fm::Progressed>(recorder.events[5]).memory_bytes, std::int64_t{1000});
        QCOMPARE(bodyOf<fm::Progressed>(recorder.events[6]).memory_bytes, std::int64_t{2000});
        QCOMPARE(bodyOf<fm::Progressed>(recorder.events[6]).memory_total_bytes, std::int64_t{9000});
    }

    void aPauseIsToldAndDoesNotCountForTheEta() {
        fm::RunControl control;
        Recorder recorder;
        fm::JobContext context(control, {&recorder});
        context.open(header());
        context.progress(0, 10, "steps");
        control.pause();
        std::thread waker([&] {
            std::this_thread::sleep_for(400ms);
            control.resume();
        });
        context.checkpointGate(true);
        waker.join();
        std::this_thread::sleep_for(20ms);
        context.progress(1, 2, "steps");
        QCOMPARE(recorder.events.size(), std::size_t{5});
        QVERIFY(bodyOf<fm::StateChanged>(recorder.events[2]).state == fm::RunState::Paused);
        QVERIFY(bodyOf<fm::StateChanged>(recorder.events[3]).state == fm::RunState::Running);
        const double eta_s = bodyOf<fm::Progressed>(recorder.events[4]).eta_s;
        QVERIFY2(eta_s > 0.015 && eta_s < 0.3, qPrintable(QString::number(eta_s)));
    }

    void stopThrowsCancelledAlsoFromAPause() {
        fm::RunControl control;
        Recorder recorder;
        fm::JobContext context(control, {&recorder});
        context.open(header());
        control.pause();
        std::thread stopper([&] {
            std::this_thread::sleep_for(20ms);
            control.stop();
        });
        QVERIFY_EXCEPTION_THROWN(context.checkpointGate(false), fm::Cancelled);
        stopper.join();
        QVERIFY_EXCEPTION_THROWN(context.checkpointGate(false), fm::Cancelled);
    }

    void aSinkThatCannotStoreStopsTheJob() {
        struct Full : fm::EventSink {
            void post(const fm::RunEvent& event) override {
                if (event.seq == 1) throw fm::WorldError("run.h5: no space left");
            }
        } full;
        fm::RunControl control;
        fm::JobContext context(control, {&full});
        context.open(header());
        QVERIFY_EXCEPTION_THROWN(context.append(0, {std::int64_t{0}, std::string()}), fm::WorldError);
    }

    void textBecomesValidUtf8() {
        fm::RunControl control;
        Recorder recorder;
        fm::JobContext context(control, {&recorder});
        context.open(header());
        context.append(0, {std::int64_t{0}, std::string("a\xff\xc3\xa9z")});
        context.log(fm::Severity::Info, "\xe2\x82");
        QCOMPARE(std::get<std::string>(bodyOf<fm::RowAppended>(recorder.events[1]).row[1]), std::string("a?\xc3\xa9z"));
        QCOMPARE(bodyOf<fm::Logged>(recorder.events[2]).text, std::string("??"));
    }
};

QTEST_GUILESS_MAIN(TestJobContext)
#include "test_job_context.moc"
