// How long the window is busy: the longest single event, and the longest turn of its event loop.
#pragma once

#include <QApplication>
#include <QElapsedTimer>
#include <QThread>
#include <QTimer>
#include <algorithm>
#include <utility>

#include "tests/support/processor_time.h"

namespace fixture {

// Measures every event that the loop hands out: what one of them takes nobody can divide. In processor time of this
// thread, which other programs cannot lengthen.
class MeasuredApplication : public QApplication {
public:
    using QApplication::QApplication;
    bool notify(QObject* receiver, QEvent* event) override {
        if (QThread::currentThread() != thread()) return QApplication::notify(receiver, event);
        const double before = threadMs();
        ++depth_;
        const bool result = QApplication::notify(receiver, event);
        if (--depth_ == 0) longest_event_ms_ = std::max(longest_event_ms_, threadMs() - before);
        return result;
    }
    // Since the last call.
    double takeLongestEventMs() { return std::exchange(longest_event_ms_, 0.0); }

private:
    double longest_event_ms_ = 0;
    int depth_ = 0;
};

// The longest that the event loop was busy between two turns of a timer, by the clock on the wall and in processor
// time.
class PassWatch {
public:
    PassWatch() {
        QObject::connect(&beat_, &QTimer::timeout, [this] { turn(); });
        beat_.start(1);
        wall_.start();
        cpu_ms_ = threadMs();
    }
    double worstWallMs() const { return worst_wall_ms_; }
    double worstCpuMs() const { return worst_cpu_ms_; }

private:
    void turn() {
        const double cpu_ms = threadMs();
        worst_cpu_ms_ = std::max(worst_cpu_ms_, cpu_ms - cpu_ms_);
        worst_wall_ms_ = std::max(worst_wall_ms_, static_cast<double>(wall_.nsecsElapsed()) / 1e6);
        wall_.restart();
        cpu_ms_ = cpu_ms;
    }
    QTimer beat_;
    QElapsedTimer wall_;
    double cpu_ms_ = 0, worst_cpu_ms_ = 0, worst_wall_ms_ = 0;
};

}  // namespace fixture
