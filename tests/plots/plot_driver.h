// Sample figures on screen, and a hand for mouse and wheel.
#pragma once

#include <QApplication>
#include <QList>
#include <QStringList>
#include <QTest>
#include <QTextStream>
#include <QWheelEvent>

#include <memory>

#include "tests/plots/plot_samples.h"

namespace fm {

inline const ThemeSource& darkTheme() {
    static const ThemeSource theme(ThemeKind::Dark);
    return theme;
}

// The sample of that name, on screen.
template <class Plot>
std::unique_ptr<Plot> shown(const char* name) {
    for (const samples::Sample& sample : samples::all()) {
        if (QByteArray(sample.name) != name) continue;
        std::unique_ptr<PlotFrame> plot = sample.make(darkTheme());
        plot->resize(480, 320);
        plot->show();
        plot->refreshNow();
        return std::unique_ptr<Plot>(dynamic_cast<Plot*>(plot.release()));
    }
    return nullptr;
}

inline QWidget* canvasAt(QWidget& plot, const QPoint& at) {
    QWidget* child = plot.childAt(at);
    return child != nullptr ? child : &plot;
}

inline void click(QWidget& plot, const QPoint& at, Qt::KeyboardModifiers modifiers = {}) {
    QWidget* canvas = canvasAt(plot, at);
    QTest::mouseClick(canvas, Qt::LeftButton, modifiers, canvas->mapFrom(&plot, at));
}

inline void turnWheel(QWidget& plot, const QPoint& at, int delta, Qt::KeyboardModifiers modifiers = {}) {
    QWidget* canvas = canvasAt(plot, at);
    const QPoint local = canvas->mapFrom(&plot, at);
    QWheelEvent event(local, canvas->mapToGlobal(local), QPoint(), QPoint(0, delta), Qt::NoButton, modifiers,
                      Qt::NoScrollPhase, false);
    QApplication::sendEvent(canvas, &event);
}

inline void drag(QWidget& plot, const QPoint& from, const QPoint& to) {
    QWidget* canvas = canvasAt(plot, from);
    const QPoint a = canvas->mapFrom(&plot, from), b = canvas->mapFrom(&plot, to);
    QTest::mousePress(canvas, Qt::LeftButton, {}, a);
    for (int i = 1; i <= 5; ++i) {
        const QPoint at = a + (b - a) * i / 5;
        QMouseEvent move(QEvent::MouseMove, at, canvas->mapToGlobal(at), Qt::NoButton, Qt::LeftButton, {});
        QApplication::sendEvent(canvas, &move);
    }
    QTest::mouseRelease(canvas, Qt::LeftButton, {}, b);
}

inline bool focused(QWidget& plot) {
    plot.activateWindow();
    plot.setFocus();
    return QTest::qWaitForWindowActive(&plot);
}

inline QList<QStringList> csvOf(const ExportablePlot& plot) {
    QString text;
    QTextStream out(&text);
    plot.writeCsv(out);
    out.flush();
    QList<QStringList> rows;
    for (const QString& line : text.split('\n', Qt::SkipEmptyParts)) rows << line.split(',');
    return rows;
}

}  // namespace fm
