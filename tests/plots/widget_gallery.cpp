#include "tests/plots/widget_gallery.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDockWidget>
#include <QGroupBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMainWindow>
#include <QMenuBar>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QRadioButton>
#include <QSlider>
#include <QSpinBox>
#include <QStatusBar>
#include <QTabWidget>
#include <QTableWidget>
#include <QToolBar>
#include <QToolButton>
#include <QTreeWidget>
#include <QVBoxLayout>

namespace fm::samples {

namespace {

template <class Widget>
Widget* withRole(Widget* widget, const char* role) {
    widget->setProperty("role", role);
    return widget;
}

QWidget* tiles() {
    auto* box = new QWidget;
    auto* row = new QHBoxLayout(box);
    row->setContentsMargins(0, 0, 0, 0);
    for (const char* role : {"tile", "tile-measured", "tile-predicted"}) {
        auto* tile = withRole(new QFrame, role);
        auto* column = new QVBoxLayout(tile);
        column->addWidget(withRole(new QLabel("Recall, probe"), "faint"));
        column->addWidget(withRole(new QLabel("0.93 (0.88–0.96)"), "number"));
        row->addWidget(tile);
    }
    return box;
}

QWidget* buttons() {
    auto* box = new QWidget;
    auto* row = new QHBoxLayout(box);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(new QPushButton("Pause"));
    row->addWidget(withRole(new QPushButton("Start"), "primary"));
    auto* disabled = new QPushButton("Step");
    disabled->setEnabled(false);
    row->addWidget(disabled);
    auto* checked = new QPushButton("Checked");
    checked->setCheckable(true);
    checked->setChecked(true);
    row->addWidget(checked);
    auto* flat = withRole(new QToolButton, "flat");
    flat->setText("columns");
    row->addWidget(flat);
    row->addStretch(1);
    return box;
}

QWidget* inputs() {
    auto* group = new QGroupBox("Job form");
    auto* grid = new QGridLayout(group);
    auto* line = new QLineEdit("smollm2-135m-recall");
    auto* hint = new QLineEdit;
    hint->setPlaceholderText("filter runs");
    auto* wrong = new QLineEdit("-3");
    wrong->setProperty("problem", true);
    auto* number = new QDoubleSpinBox;
    number->setValue(0.1);
    auto* whole = new QSpinBox;
    whole->setValue(8);
    whole->setSuffix(" layers");
    auto* choice = new QComboBox;
    choice->addItems({"mixed", "teacher"});
    auto* off = new QComboBox;
    off->addItem("not now");
    off->setEnabled(false);
    auto* check = new QCheckBox("also measure curvature");
    check->setChecked(true);
    auto* radio = new QRadioButton("local");
    radio->setChecked(true);
    const QList<QWidget*> widgets = {line,
                                     hint,
                                     wrong,
                                     number,
                                     whole,
                                     choice,
                                     off,
                                     check,
                                     radio,
                                     new QCheckBox("off"),
                                     new QRadioButton("ssh"),
                                     withRole(new QLabel("0 to 30"), "error")};
    for (int i = 0; i < widgets.size(); ++i) grid->addWidget(widgets[i], i / 3, i % 3);
    return group;
}

QTableWidget* table() {
    auto* table = new QTableWidget(4, 4);
    table->setHorizontalHeaderLabels({"run", "plan", "recall", "state"});
    const char* const cells[4][4] = {{"14:02 gates", "K=8", "0.93", "live"},
                                     {"13:41 gates", "λ=0.2", "0.88", "done"},
                                     {"12:58 distill", "K=8", "0.97", "done"},
                                     {"10:40 evaluate", "teacher", "1.00", "pinned"}};
    for (int row = 0; row < 4; ++row) {
        for (int column = 0; column < 4; ++column)
            table->setItem(row, column, new QTableWidgetItem(cells[row][column]));
    }
    table->verticalHeader()->hide();
    table->setShowGrid(false);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->selectRow(0);
    table->setSortingEnabled(true);
    return table;
}

QWidget* tabs() {
    auto* tabs = new QTabWidget;
    auto* tree = new QTreeWidget;
    tree->setHeaderLabels({"field", "value"});
    auto* top = new QTreeWidgetItem(tree, {"objective", ""});
    new QTreeWidgetItem(top, {"kind", "hidden"});
    top->setExpanded(true);
    new QTreeWidgetItem(new QTreeWidgetItem(tree, {"optimiser", ""}), {"lr", "0.02"});
    tabs->addTab(table(), "Table");
    tabs->addTab(tree, "Tree");
    tabs->addTab(new QPlainTextEdit("log"), "Log");
    return tabs;
}

QWidget* middle() {
    auto* box = new QWidget;
    auto* column = new QVBoxLayout(box);
    column->addWidget(withRole(new QLabel("Plan"), "title"));
    column->addWidget(tiles());
    column->addWidget(buttons());
    auto* budget = withRole(new QSlider(Qt::Horizontal), "budget");
    budget->setRange(0, 30);
    budget->setValue(8);
    column->addWidget(budget);
    auto* steps = new QSlider(Qt::Horizontal);
    steps->setValue(60);
    column->addWidget(steps);
    auto* progress = new QProgressBar;
    progress->setValue(40);
    progress->setTextVisible(false);
    column->addWidget(progress);
    column->addWidget(inputs());
    column->addStretch(1);
    return box;
}

}  // namespace

std::unique_ptr<QWidget> widgetGallery() {
    auto window = std::make_unique<QMainWindow>();
    for (const char* name : {"File", "Edit", "View", "Study", "Jobs", "Help"}) window->menuBar()->addMenu(name);
    QToolBar* bar = window->addToolBar("main");
    bar->setMovable(false);
    bar->addAction("Open…");
    bar->addSeparator();
    bar->addAction("Align");
    auto* gates = withRole(new QToolButton, "primary");
    gates->setText("Gates");
    bar->addWidget(gates);
    bar->addAction("Evaluate")->setEnabled(false);
    window->setCentralWidget(middle());
    auto* left = new QDockWidget("Runs");
    left->setWidget(tabs());
    window->addDockWidget(Qt::LeftDockWidgetArea, left);
    auto* right = new QDockWidget("Samples");
    auto* text = new QPlainTextEdit;
    for (int i = 0; i < 60; ++i) text->appendPlainText(QString("line %1 of a prompt").arg(i));
    right->setWidget(text);
    window->addDockWidget(Qt::RightDockWidgetArea, right);
    window->statusBar()->showMessage("Gates: running, 12 min left");
    window->resize(1180, 560);
    return window;
}

}  // namespace fm::samples
