// The table of runs and the differences, by mouse and keyboard; five hundred runs.
#include <QApplication>
#include <QElapsedTimer>
#include <QFile>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>
#include <QThread>
#include <QToolButton>

#include "tests/panels/panel_study.h"
#include "tests/support/processor_time.h"
#include "widgets/models/runs_model.h"
#include "widgets/models/spec_diff_model.h"
#include "widgets/panels/diff_panel.h"
#include "widgets/panels/elided_label.h"
#include "widgets/panels/runs_panel.h"
#include "widgets/state/selection.h"
#include "widgets/state/study_state.h"
#include "widgets/theme/theme.h"

namespace {

template <class Widget>
Widget* named(QWidget& parent, const QString& accessible_name) {
    for (Widget* widget : parent.findChildren<Widget*>())
        if (widget->accessibleName() == accessible_name) return widget;
    return nullptr;
}

// The largest size of this process's address space so far, bytes; 0: the system does not tell.
qint64 mostAddressSpace() {
    QFile status("/proc/self/status");
    if (!status.open(QIODevice::ReadOnly)) return 0;
    for (const QByteArray& line : status.readAll().split('\n'))
        if (line.startsWith("VmPeak:")) return line.mid(7).trimmed().split(' ')[0].toLongLong() * 1024;
    return 0;
}

struct Window {
    fm::ThemeSource theme{fm::ThemeKind::Dark};
    fm::StudyState study;
    fm::Selection selection;
    fm::RunsPanel panel{study, selection, theme};
    fm::DiffPanel diff{study, selection};

    explicit Window(const QString& folder) {
        panel.resize(520, 420);
        panel.show();
        if (!folder.isEmpty()) {
            study.open(folder);
            while (study.loading()) QTest::qWait(5);
        }
    }
    QTableView& table() { return *panel.findChild<QTableView*>(); }
    QLineEdit& filter() { return *named<QLineEdit>(panel, "Filter runs"); }
    QString idAt(int row) { return table().model()->index(row, 0).data(fm::RunsModel::RunIdRole).toString(); }
    int rowOf(const QString& part) {
        for (int row = 0; row < table().model()->rowCount(); ++row)
            if (idAt(row).contains(part)) return row;
        return -1;
    }
    void click(int row, Qt::KeyboardModifiers keys = {}) {
        const QPoint at = table().visualRect(table().model()->index(row, 0)).center();
        QTest::mouseClick(table().viewport(), Qt::LeftButton, keys, at);
    }
};

void wheel(Window& window, int angle) {
    QWidget* view = window.table().viewport();
    QWheelEvent turn(QPointF(50, 50), view->mapToGlobal(QPointF(50, 50)), {}, {0, angle}, Qt::NoButton, Qt::NoModifier,
                     Qt::NoScrollPhase, false);
    QApplication::sendEvent(view, &turn);
}

}  // namespace

class TestRunsPanel : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() {
        fixture::makeStudy(folder_.filePath("study"));
        fm::registerFonts();
        fm::applyTheme(*qApp, fm::ThemeKind::Dark);
    }

    void listsEveryFileAndSaysWhatIsWrongWithOne() {
        Window window(study());
        QCOMPARE(window.table().model()->rowCount(), 9);
        const int damaged = window.rowOf("0000ff");
        QVERIFY(damaged >= 0);
        const QModelIndex what = window.table().model()->index(damaged, fm::RunsModel::AboutColumn);
        QVERIFY2(what.data().toString().contains("is no HDF5 file"), qPrintable(what.data().toString()));
        QVERIFY(what.data(Qt::ToolTipRole).toString().contains("0000ff.h5"));
        QCOMPARE(window.table().model()->index(window.rowOf("0000dd"), fm::RunsModel::RecallColumn).data().toString(),
                 QStringLiteral("0.80"));            // 16 of 20 cells are right, which weigh alike
        QVERIFY(window.idAt(0).contains("0000ff"));  // the newest first
    }

    void emptyStatesTellTheNextAction() {
        Window window({});
        QVERIFY(!window.table().isVisible());
        const auto texts = window.panel.findChildren<QLabel*>();
        QVERIFY(std::any_of(texts.begin(), texts.end(), [](const QLabel* label) {
            return label->isVisible() && label->text().contains("No study is open");
        }));
    }

    void selectionGoesBothWays() {
        Window window(study());
        window.click(window.rowOf("0000bb"));
        QCOMPARE(window.selection.run(), QStringLiteral("20260302T090000Z-gates-0000bb"));
        window.selection.setRun("20260301T090000Z-gates-0000aa");
        QCOMPARE(window.table().currentIndex().row(), window.rowOf("0000aa"));
        QCOMPARE(window.table().selectionModel()->selectedRows().size(), 1);
    }

    // Brought into view when it becomes the shown one and while the table gets its size; the user's scrolling is last.
    void theShownRunIsInView() {
        Window window(study());
        const auto in_view = [&](const char* run) {
            const QModelIndex index = window.table().model()->index(window.rowOf(run), 0);
            return window.table().viewport()->rect().contains(window.table().visualRect(index));
        };
        window.selection.setRun("20260306T090000Z-gates-0000f0");
        window.panel.resize(520, 190);
        QCoreApplication::processEvents();
        QVERIFY(in_view("0000f0") && !in_view("0000aa"));
        window.selection.setRun("20260301T090000Z-gates-0000aa");
        QVERIFY(in_view("0000aa"));
        window.panel.resize(520, 420);
        QVERIFY(in_view("0000aa") && in_view("0000ff"));
        window.panel.resize(520, 190);
        QVERIFY(in_view("0000aa"));
        for (int page = 0; page < 6; ++page) wheel(window, 1200);
        QVERIFY(in_view("0000ff") && !in_view("0000aa"));
        window.panel.resize(520, 200);
        QVERIFY(in_view("0000ff") && !in_view("0000aa"));
        Q_EMIT window.study.runsChanged();
        QVERIFY(in_view("0000ff") && !in_view("0000aa"));
    }

    void wideTableCutsNoRunsName() {
        Window window(study());
        const auto cut = [&](const char* run) {
            const QModelIndex index = window.table().model()->index(window.rowOf(run), fm::RunsModel::RunColumn);
            return window.table().sizeHintForIndex(index).width() > window.table().visualRect(index).width();
        };
        QTRY_VERIFY(!cut("0000ee"));  // an interact run
        window.table().setColumnWidth(fm::RunsModel::RunColumn, 80);
        window.panel.resize(600, 420);
        QCOMPARE(window.table().columnWidth(fm::RunsModel::RunColumn), 80);
    }

    void keyboardMovesOpensAndFilters() {
        Window window(study());
        window.click(0);
        QTest::keyClick(&window.table(), Qt::Key_Down);
        QCOMPARE(window.selection.run(), window.idAt(1));
        QSignalSpy opened(&window.panel, &fm::RunsPanel::runActivated);
        QTest::keyClick(&window.table(), Qt::Key_Return);
        QCOMPARE(opened.size(), 1);
        QCOMPARE(opened[0][0].toString(), window.idAt(1));
        QTest::keyClick(&window.table(), Qt::Key_Slash);
        QTRY_VERIFY(window.filter().hasFocus());
        const QString before = window.selection.run();
        QTest::keyClicks(&window.filter(), "probe layers=0,4");
        QCOMPARE(window.table().model()->rowCount(), 1);
        QCOMPARE(window.selection.run(), before);  // filtering selects nothing
        QTest::keyClick(&window.filter(), Qt::Key_Escape);
        QCOMPARE(window.table().model()->rowCount(), 9);
        QCOMPARE(window.table().currentIndex().data(fm::RunsModel::RunIdRole).toString(), before);
        QVERIFY(window.table().hasFocus());
    }

    void sortsByAColumnsHead() {
        Window window(study());
        QHeaderView& head = *window.table().horizontalHeader();
        const QPoint recall(head.sectionViewportPosition(fm::RunsModel::RecallColumn) + 10, head.height() / 2);
        QTest::mouseClick(head.viewport(), Qt::LeftButton, {}, recall);
        QTest::mouseClick(head.viewport(), Qt::LeftButton, {}, recall);
        QCOMPARE(head.sortIndicatorOrder(), Qt::DescendingOrder);
        QCOMPARE(window.table().model()->index(0, fm::RunsModel::RecallColumn).data().toString(),
                 QStringLiteral("0.93"));
    }

    void labelsAreStoredInTheStudy() {
        QTemporaryDir own;
        fixture::makeStudy(own.filePath("study"));
        Window window(own.filePath("study"));
        window.click(window.rowOf("0000cc"));
        QTest::keyClick(&window.table(), Qt::Key_T);
        QLineEdit& tags = *named<QLineEdit>(window.panel, "Tags of the run");
        QTRY_VERIFY(tags.hasFocus());
        QTest::keyClicks(&tags, "keep, table 2, keep");
        QTest::keyClick(&tags, Qt::Key_Return);
        QVERIFY(window.table().hasFocus());
        QTest::keyClick(&window.table(), Qt::Key_N);
        QTest::keyClicks(named<QLineEdit>(window.panel, "Notes on the run"), "two layers are too few");
        QTest::keyClick(named<QLineEdit>(window.panel, "Notes on the run"), Qt::Key_Return);
        QTest::keyClick(&window.table(), Qt::Key_A);
        const std::map<std::string, fm::Label> labels =
            fm::Study::open(own.filePath("study").toStdString()).info().labels;
        const fm::Label label = labels.at("20260303T090000Z-probe-0000cc");
        QCOMPARE(label.tags, (std::vector<std::string>{"keep", "table 2", "archived"}));
        QCOMPARE(label.notes, std::string("two layers are too few"));
        QCOMPARE(window.rowOf("0000cc"), -1);  // put away
        QTest::mouseClick(named<QToolButton>(window.panel, "archived"), Qt::LeftButton);
        QVERIFY(window.rowOf("0000cc") >= 0);
        QCOMPARE(labels.at("20260301T090000Z-gates-0000aa").notes, std::string("lambda too low"));
    }

    void escapeInALabelChangesNothing() {
        Window window(study());
        window.click(window.rowOf("0000aa"));
        QLineEdit& notes = *named<QLineEdit>(window.panel, "Notes on the run");
        QCOMPARE(notes.text(), QStringLiteral("lambda too low"));
        QTest::keyClick(&window.table(), Qt::Key_N);
        QTest::keyClicks(&notes, "nonsense");
        QTest::keyClick(&notes, Qt::Key_Escape);
        QCOMPARE(notes.text(), QStringLiteral("lambda too low"));
        QVERIFY(window.table().hasFocus());
    }

    void severalSelectedRunsAreHeldAgainstEachOther() {
        Window window(study());
        window.click(window.rowOf("0000aa"));
        window.click(window.rowOf("0000bb"), Qt::ControlModifier);
        QCOMPARE(window.selection.comparedRuns().size(), std::size_t(2));
        QCOMPARE(window.diff.model().rowCount(), 1);
        QCOMPARE(window.diff.model().index(0, 0).data().toString(), QStringLiteral("lambda"));
        window.click(window.rowOf("0000f0"));  // one run: held against the gate run before it
        QCOMPARE(window.diff.model().rowCount(), 2);
        QCOMPARE(window.diff.model().index(0, 0).data().toString(), QStringLiteral("budget"));
        QCOMPARE(window.diff.model().index(0, 1).data().toString(), QStringLiteral("2"));
        window.click(window.rowOf("0000dd"));  // no other eval run
        QCOMPARE(window.diff.model().numRuns(), 0);
    }

    void columnsAndOrderAreRestored() {
        Window window(study());
        window.panel.model().setSpecColumns({"lambda"});
        window.table().setColumnHidden(fm::RunsModel::TagsColumn, false);
        window.filter().setText("gates");
        const QByteArray state = window.panel.saveState();
        Window other(study());
        QVERIFY(other.panel.restoreState(state));
        QCOMPARE(other.panel.model().specColumns(), QStringList({"lambda"}));
        QVERIFY(!other.table().isColumnHidden(fm::RunsModel::TagsColumn));
        QCOMPARE(other.table().model()->rowCount(), 3);
        QVERIFY(!other.panel.restoreState("nonsense"));
    }

    // Whatever byte of it is another one, nothing is reserved for the counts it then announces.
    void damagedColumnsAreRefusedUnread() {
        Window window(study());
        window.panel.model().setSpecColumns({"lambda"});
        const QByteArray state = window.panel.saveState();
        const qint64 before = mostAddressSpace();
        QVERIFY(before > 0);
        for (qsizetype i = 0; i < state.size(); ++i) {
            QByteArray damaged = state;
            damaged[i] = static_cast<char>(damaged[i] ^ 3);
            QVERIFY2(!window.panel.restoreState(damaged), qPrintable(QString::number(i)));
        }
        QVERIFY(!window.panel.restoreState(state.left(state.size() / 2)));
        QVERIFY(!window.panel.restoreState({}));
        QVERIFY2(mostAddressSpace() - before < (64 << 20), qPrintable(QString::number(mostAddressSpace() - before)));
        QVERIFY(window.panel.restoreState(state));
    }

    void fiveHundredRunsStayFluid();

private:
    QString study() const { return folder_.filePath("study"); }
    QTemporaryDir folder_;
};

namespace {

// Two files by the writer, the rest copies under other names: a run's name is what the list reads first.
QString manyRuns(const QTemporaryDir& folder, int count) {
    const QString path = folder.filePath("many");
    const fm::Study study = fm::Study::create(path.toStdString(), {.name = "many", .teacher_path = "/teacher"});
    for (int i = 0; i < count; ++i) {
        char id[64];
        std::snprintf(id, sizeof id, "2026%02d%02dT%02d%02d00Z-gates-%06x", 1 + i / 280, 1 + i / 20 % 14, i % 20, 7, i);
        fixture::writeRun(study.runsFolder(),
                          fixture::header(id, "gates", fixture::gateSpec(i % 8, 0.1), fixture::gatesTables(8)),
                          {{1, fixture::chosenRow("FLFLLFLF", 0.1, 0.001 * i)}});
    }
    return path;
}

}  // namespace

namespace {

constexpr int many = 500;

// Processor time of this thread: what other programs do meanwhile is not what is measured.
template <class Run>
double milliseconds(const Run& run) {
    const double before = fixture::threadMs();
    run();
    return fixture::threadMs() - before;
}

struct Times {
    double listed_wall = -1;             // every run has its row
    double read_wall = 0, read_cpu = 0;  // every file is read; cpu: of all threads of this process
    double worst_turn = 0, worst_key = 0, worst_scroll = 0;
};

void openAll(Window& window, const QString& path, Times& times) {
    QElapsedTimer clock;
    clock.start();
    const double cpu_before = fixture::processMs();
    window.study.open(path);
    while (window.study.loading() || window.panel.model().rowCount() < many) {
        if (times.listed_wall < 0 && window.table().model()->rowCount() == many)
            times.listed_wall = static_cast<double>(clock.elapsed());
        times.worst_turn = std::max(times.worst_turn, milliseconds([] { QCoreApplication::processEvents(); }));
        if (clock.elapsed() > 30000) return;
        QThread::msleep(1);
    }
    times.read_wall = static_cast<double>(clock.elapsed());
    times.read_cpu = fixture::processMs() - cpu_before;
}

void typeAndScroll(Window& window, Times& times) {
    for (const char key : std::string("gates budget=3")) {
        const auto press = [&] { QTest::keyClick(&window.filter(), key); };
        times.worst_key = std::max(times.worst_key, milliseconds(press));
    }
    QCOMPARE(window.table().model()->rowCount(), 63);  // 3, 11, ..., 499
    window.filter().clear();
    for (int i = 0; i < 20; ++i) {
        const auto scroll = [&] {
            wheel(window, -360);
            window.table().viewport()->repaint();
        };
        times.worst_scroll = std::max(times.worst_scroll, milliseconds(scroll));
    }
}

}  // namespace

void TestRunsPanel::fiveHundredRunsStayFluid() {
    QTemporaryDir folder;
    Window window({});
    Times times;
    openAll(window, manyRuns(folder, many), times);
    QCOMPARE(window.panel.model().rowCount(), many);
    typeAndScroll(window, times);
    qInfo("listed %d runs after %.0f ms, read them in %.0f ms (%.0f ms of processor time)", many, times.listed_wall,
          times.read_wall, times.read_cpu);
    qInfo("longest turn of the event loop %.1f ms, filter keystroke %.1f ms, scroll step %.1f ms", times.worst_turn,
          times.worst_key, times.worst_scroll);
    QVERIFY2(times.listed_wall >= 0 && times.listed_wall < 1000, qPrintable(QString::number(times.listed_wall)));
    QCOMPARE(window.table().model()->index(0, fm::RunsModel::StateColumn).data().toString(), QStringLiteral("done"));
    constexpr double limit_ms = 2 * 16;  // a frame; a slow and busy machine may take twice as long
    QVERIFY2(times.worst_turn < limit_ms, qPrintable(QString::number(times.worst_turn)));
    QVERIFY2(times.worst_key < limit_ms, qPrintable(QString::number(times.worst_key)));
    QVERIFY2(times.worst_scroll < limit_ms, qPrintable(QString::number(times.worst_scroll)));
    // All of them at once: as many are held against each other as a reader can, and nothing gets wider.
    const int width_before = window.diff.minimumSizeHint().width();
    window.table().selectAll();
    QCOMPARE(window.selection.comparedRuns().size(), std::size_t(many));
    QCOMPARE(window.diff.model().numRuns(), 12);
    QCOMPARE(window.diff.minimumSizeHint().width(), width_before);
    const auto labels = window.diff.findChildren<fm::ElidedLabel*>();
    QVERIFY(!labels.empty() && labels[0]->fullText().startsWith("newest 12 of 500"));
}

QTEST_MAIN(TestRunsPanel)
#include "test_runs_panel.moc"
