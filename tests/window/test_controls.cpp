// Scrubber, run controls, live settings, status: what they show and what they ask for.
#include <QDoubleSpinBox>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QSlider>
#include <QTest>
#include <QToolButton>

#include "tests/state/gate_run_fixture.h"
#include "widgets/panels/live_settings.h"
#include "widgets/panels/run_controls.h"
#include "widgets/panels/status_panel.h"
#include "widgets/panels/step_scrubber.h"
#include "widgets/state/run_source.h"
#include "widgets/state/step_cursor.h"

using namespace fm;

class TestControls : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void scrubberRewindsAndFollows() {
        StepCursor cursor;
        StepScrubber scrubber(cursor);
        scrubber.show();
        QVERIFY(!scrubber.slider().isEnabled());
        cursor.reset(100, 200);
        QCOMPARE(scrubber.slider().value(), 99);
        QTest::keyClick(&scrubber.slider(), Qt::Key_Left);
        QCOMPARE(cursor.step(), 98);
        QVERIFY(!cursor.followLast() && !scrubber.followButton().isChecked());
        cursor.setCount(150);
        QCOMPARE(scrubber.slider().value(), 98);
        QTest::keyClick(&scrubber.slider(), Qt::Key_Home);
        QCOMPARE(cursor.step(), 0);
        QTest::mouseClick(&scrubber.followButton(), Qt::LeftButton);
        QCOMPARE(cursor.step(), 149);
        cursor.setCount(151);
        QCOMPARE(scrubber.slider().value(), 150);
        QCOMPARE(scrubber.findChild<QLabel*>("stepPlace")->text(), QString("step 150 / 199"));
    }

    void controlsShowWhatWasAskedUntilItIsAcknowledged() {
        RunControls controls;
        controls.show();
        QSignalSpy pause(&controls, &RunControls::pauseWanted), resume(&controls, &RunControls::resumeWanted);
        QSignalSpy stop(&controls, &RunControls::stopWanted), start(&controls, &RunControls::startWanted);
        QVERIFY(!controls.start().isEnabled());
        controls.setPhase(JobPhase::Idle);
        QTest::mouseClick(&controls.start(), Qt::LeftButton);
        QCOMPARE(start.count(), 1);
        controls.setPhase(JobPhase::Starting);
        QVERIFY(!controls.start().isEnabled() && controls.start().text().contains("Starting"));
        controls.setPhase(JobPhase::Running);
        QTest::mouseClick(&controls.pause(), Qt::LeftButton);
        QCOMPARE(pause.count(), 1);
        controls.setAsked(JobAsked::Pause);
        QVERIFY(controls.pause().text().contains("Pausing") && !controls.pause().isEnabled());
        QVERIFY(controls.stop().isEnabled());  // a pause that takes long can still be stopped
        controls.setPhase(JobPhase::Paused);
        QCOMPARE(controls.pause().text(), QString("Resume"));
        QTest::mouseClick(&controls.pause(), Qt::LeftButton);
        QCOMPARE(resume.count(), 1);
        QTest::mouseClick(&controls.stop(), Qt::LeftButton);
        QCOMPARE(stop.count(), 1);
        controls.setAsked(JobAsked::Stop);
        QVERIFY(controls.stop().text().contains("Stopping") && !controls.stop().isEnabled());
        controls.setPhase(JobPhase::Idle);
        QCOMPARE(controls.stop().text(), QString("Stop and keep"));
    }

    void liveSettingsAskOnlyForWhatWasEdited() {
        LiveSettings settings;
        settings.show();
        QSignalSpy wanted(&settings, &LiveSettings::changeWanted);
        auto* lambda = settings.findChild<QDoubleSpinBox*>("lambda");
        auto* apply = settings.findChild<QPushButton*>();
        QVERIFY(!lambda->isEnabled());
        settings.setRunning(true);
        settings.setCurrent(0.1, 0.02, 4, 30);
        QVERIFY(lambda->isEnabled() && !apply->isEnabled());
        lambda->setValue(0.2);
        settings.setCurrent(0.11, 0.02, 4, 30);  // the run goes on: the edited field stays
        QCOMPARE(lambda->value(), 0.2);
        QTest::mouseClick(apply, Qt::LeftButton);
        QCOMPARE(wanted.count(), 1);
        QCOMPARE(wanted[0][0].toString(), QString("lambda"));
        QCOMPARE(wanted[0][1].toDouble(), 0.2);
        settings.setAcknowledged("lambda", "step 41");
        const QList<QLabel*> labels = settings.findChildren<QLabel*>();
        QVERIFY(std::any_of(labels.begin(), labels.end(), [](QLabel* l) { return l->text().contains("step 41"); }));
    }

    void statusSaysWhatGoesOn() {
        RunSource source;
        StatusPanel status(source);
        QVERIFY(status.text().contains("No run"));
        source.openLive(fixture::gateHeader(4), {});
        source.take({1, 0, Progressed{5, 20, "steps", 137000, 720, 3LL << 30, 31LL << 30}});
        QTRY_VERIFY2(status.text().contains("12 min left"), qPrintable(status.text()));
        QVERIFY2(status.text().contains("memory 3.0 GiB of 31.0 GiB"), qPrintable(status.text()));
        QVERIFY(status.text().contains("137.0 k tokens/s") && status.text().contains("cpu test"));
        source.take({2, 0, StateChanged{RunState::Failed, "the disk is full: free some space and resume"}});
        QVERIFY(status.text().contains("the disk is full"));
        QCOMPARE(durationText(45), QString("45 s"));
        QCOMPARE(durationText(12000), QString("3 h 20 min"));
    }
};

QTEST_MAIN(TestControls)
#include "test_controls.moc"
