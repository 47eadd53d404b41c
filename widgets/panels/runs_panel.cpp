#include "widgets/panels/runs_panel.h"

#include <QBoxLayout>
#include <QClipboard>
#include <QDataStream>
#include <QGuiApplication>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QShortcut>
#include <QStackedWidget>
#include <QToolButton>
#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "widgets/models/run_text.h"
#include "widgets/models/runs_filter.h"
#include "widgets/models/runs_model.h"
#include "widgets/panels/flow_layout.h"
#include "widgets/panels/hinted_edit.h"
#include "widgets/panels/kept_state.h"
#include "widgets/panels/panel_parts.h"
#include "widgets/panels/run_label_editor.h"
#include "widgets/panels/runs_table.h"
#include "widgets/state/selection.h"
#include "widgets/state/study_state.h"

namespace fm {

static constexpr quint32 saved_format = 1;

RunsPanel::RunsPanel(StudyState& study, Selection& selection, ThemeSource& theme, QWidget* parent)
    : QWidget(parent), study_(study), selection_(selection), theme_(theme) {
    model_ = new RunsModel(this);
    filter_ = new RunsFilter(this);
    filter_->setSourceModel(model_);
    build();
    addShortcuts();
    connect(&study_, &StudyState::runsChanged, this, &RunsPanel::showRuns);
    connect(&study_, &StudyState::opened, this, &RunsPanel::showRuns);
    connect(&selection_, &Selection::runChanged, this, &RunsPanel::followSelection);
    showRuns();
}

void RunsPanel::build() {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(6, 6, 6, 6);
    layout->setSpacing(6);
    auto* head = new FlowLayout;
    filter_edit_ = new HintedEdit({tr("filter: gates budget=4 -failed"), tr("filter runs"), tr("filter")}, this);
    filter_edit_->setToolTip(
        tr("Shows runs in which every word occurs: job, state, tag, note, device, or field=value of the spec.\n"
           "-word hides runs with it. Shortcut: / in the table; Esc clears."));
    filter_edit_->setAccessibleName(tr("Filter runs"));
    filter_edit_->setClearButtonEnabled(true);
    counts_ = faintLabel({}, this);
    columns_button_ =
        flatButton(tr("columns"), tr("Which columns the table shows, fields of the spec among them"), this);
    columns_button_->setPopupMode(QToolButton::InstantPopup);
    auto* menu = new QMenu(columns_button_);
    columns_button_->setMenu(menu);
    connect(menu, &QMenu::aboutToShow, this, [this, menu] {
        menu->clear();
        addColumnActions(*menu);
    });
    archived_button_ = flatButton(tr("archived"), tr("Also show runs that you have archived"), this);
    archived_button_->setCheckable(true);
    head->addWidget(filter_edit_);
    head->addWidget(counts_);
    head->addWidget(archived_button_);
    head->addWidget(columns_button_);
    layout->addLayout(head);
    buildTable();
    layout->addWidget(pages_, 1);
    label_editor_ = new RunLabelEditor(this);
    layout->addWidget(label_editor_);
    connect(label_editor_, &RunLabelEditor::labelEdited, &study_, &StudyState::setLabel);
    connect(label_editor_, &RunLabelEditor::archiveClicked, this, &RunsPanel::toggleArchived);
    connect(label_editor_, &RunLabelEditor::done, table_, qOverload<>(&QWidget::setFocus));
    connect(filter_edit_, &QLineEdit::textChanged, this, &RunsPanel::showFilter);
    connect(archived_button_, &QToolButton::toggled, this, [this](bool show) {
        const bool before = std::exchange(following_, true);
        filter_->setShowArchived(show);
        following_ = before;
        followSelection();
        showCounts();
    });
}

void RunsPanel::buildTable() {
    pages_ = new QStackedWidget(this);
    table_ = new RunsTable(theme_, *filter_, pages_);
    empty_ = emptyLabel(pages_);
    pages_->addWidget(table_);
    pages_->addWidget(empty_);
    connect(table_->selectionModel(), &QItemSelectionModel::selectionChanged, this, &RunsPanel::followView);
    connect(table_, &QTableView::doubleClicked, this, [this] { Q_EMIT runActivated(currentRun()); });
    connect(table_, &QTableView::customContextMenuRequested, this, &RunsPanel::openMenu);
}

void RunsPanel::addShortcuts() {
    const auto add = [](const QKeySequence& key, QWidget* where, auto slot) {
        QObject::connect(new QShortcut(key, where, nullptr, nullptr, Qt::WidgetShortcut), &QShortcut::activated, where,
                         slot);
    };
    add(Qt::Key_Slash, table_, [this] { focusFilter(); });
    add(Qt::Key_Return, table_, [this] { Q_EMIT runActivated(currentRun()); });
    add(Qt::Key_Enter, table_, [this] { Q_EMIT runActivated(currentRun()); });
    add(Qt::Key_T, table_, [this] { label_editor_->editTags(); });
    add(Qt::Key_N, table_, [this] { label_editor_->editNotes(); });
    add(Qt::Key_F2, table_, [this] { label_editor_->editName(); });
    add(Qt::Key_A, table_, [this] { toggleArchived(); });
    add(Qt::Key_Escape, filter_edit_, [this] {
        filter_edit_->clear();
        table_->setFocus(Qt::ShortcutFocusReason);
    });
    add(Qt::Key_Down, filter_edit_, [this] { table_->setFocus(Qt::ShortcutFocusReason); });
}

void RunsPanel::addColumnActions(QMenu& menu) {
    for (int column = 0; column < RunsModel::num_fixed_columns; ++column) {
        QAction* action = menu.addAction(model_->headerData(column, Qt::Horizontal).toString());
        action->setToolTip(model_->headerData(column, Qt::Horizontal, Qt::ToolTipRole).toString());
        action->setCheckable(true);
        action->setChecked(!table_->isColumnHidden(column));
        action->setEnabled(column != RunsModel::RunColumn);
        connect(action, &QAction::toggled, this, [this, column](bool show) { table_->showColumn(column, show); });
    }
    QMenu* fields = menu.addMenu(tr("fields of the spec"));
    for (const QString& field : model_->knownSpecFields()) {
        QAction* action = fields->addAction(field);
        action->setCheckable(true);
        action->setChecked(model_->specColumns().contains(field));
        connect(action, &QAction::toggled, this, [this, field](bool show) { toggleSpecColumn(field, show); });
    }
    fields->setEnabled(!fields->isEmpty());
}

void RunsPanel::toggleSpecColumn(const QString& field, bool show) {
    QStringList fields = model_->specColumns();
    if (show) {
        fields << field;
    } else {
        fields.removeAll(field);
    }
    model_->setSpecColumns(fields);
    table_->fitColumns();
}

void RunsPanel::focusFilter() {
    filter_edit_->setFocus(Qt::ShortcutFocusReason);
    filter_edit_->selectAll();
}

void RunsPanel::showRuns() {
    const bool before = std::exchange(following_, true);
    model_->setHybridNames(hybridNames());
    model_->setRuns(study_.runs(), unreadPaths());
    following_ = before;
    followSelection();
    if (!label_editor_->isBeingEdited()) showLabel();  // never under the user's typing
    showCounts();
}

// While the study reads its run files, their names are already worth listing.
std::vector<std::string> RunsPanel::unreadPaths() const {
    if (!study_.isOpen() || (!study_.loading() && !study_.runs().empty())) return {};
    try {
        return study_.study()->runPaths();
    } catch (const WorldError&) {
        return {};  // the study says so itself
    }
}

std::map<std::string, std::string> RunsPanel::hybridNames() const {
    std::map<std::string, std::string> names;
    for (const auto& [id, artifact] : study_.info().artifacts) {
        const auto label = study_.info().labels.find(id);
        if (artifact.kind != ArtifactKind::Hybrid || label == study_.info().labels.end()) continue;
        names[id] = label->second.name;
        names[artifact.made_by] = label->second.name;
    }
    names.erase("");
    std::erase_if(names, [](const auto& name) { return name.second.empty(); });
    return names;
}

void RunsPanel::showFilter(const QString& text) {
    const bool before = std::exchange(following_, true);
    filter_->setWords(text);
    following_ = before;
    followSelection();
    showCounts();
}

void RunsPanel::showCounts() {
    const int shown = filter_->rowCount();
    const int all = model_->rowCount();
    counts_->setText(shown == all ? tr("%1 runs").arg(all) : tr("%1 of %2").arg(shown).arg(all));
    counts_->setToolTip(tr("%1 of %2 runs are shown").arg(shown).arg(all));
    if (!study_.isOpen()) {
        empty_->setText(tr("No study is open. Open one, or open a teacher to begin a study."));
    } else if (all == 0 && study_.loading()) {
        empty_->setText(tr("Reading run files…"));
    } else if (all == 0) {
        empty_->setText(tr("No runs yet. Start Align or Gates: every job leaves one run here."));
    } else {
        empty_->setText(
            tr("No run matches the filter. Esc in the filter shows all; \"archived\" shows those put away."));
    }
    pages_->setCurrentWidget(shown == 0 ? static_cast<QWidget*>(empty_) : table_);
    label_editor_->setVisible(all > 0);
}

QString RunsPanel::currentRun() const {
    const QStringList selected = selectedRuns();
    const QString current = table_->currentIndex().data(RunsModel::RunIdRole).toString();
    return selected.contains(current) || selected.isEmpty() ? current : selected.constFirst();
}

QStringList RunsPanel::selectedRuns() const {
    QStringList runs;
    for (const QModelIndex& index : table_->selectionModel()->selectedRows())
        runs << index.data(RunsModel::RunIdRole).toString();
    return runs;
}

void RunsPanel::followView() {
    if (following_) return;
    const QStringList runs = selectedRuns();
    following_ = true;
    if (!runs.isEmpty()) {
        selection_.setRun(currentRun());
        table_->showRow(table_->currentIndex());
    }
    selection_.setComparedRuns(runs.size() > 1 ? std::set<QString>(runs.begin(), runs.end()) : std::set<QString>());
    following_ = false;
    showLabel();
}

void RunsPanel::followSelection() {
    if (following_) return;
    const QModelIndex source = model_->index(model_->rowOf(selection_.run()), 0);
    const QModelIndex index = filter_->mapFromSource(source);
    if (index.isValid() && table_->selectionModel()->isRowSelected(index.row())) return;
    following_ = true;
    if (index.isValid()) {
        table_->selectionModel()->setCurrentIndex(index,
                                                  QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
        table_->showRow(index);
    } else {
        table_->clearSelection();
    }
    following_ = false;
    showLabel();
}

void RunsPanel::showLabel() {
    const RunEntry* run = model_->entry(model_->rowOf(currentRun()));
    label_editor_->showLabel(run == nullptr ? QString() : currentRun(), run == nullptr ? Label{} : run->label);
}

void RunsPanel::toggleArchived() {
    const RunEntry* current = model_->entry(model_->rowOf(currentRun()));
    if (current == nullptr) return;
    const bool archive = !isArchived(current->label);
    for (const QString& id : selectedRuns()) {
        const RunEntry* run = model_->entry(model_->rowOf(id));
        if (run == nullptr || isArchived(run->label) == archive) continue;
        Label label = run->label;
        std::erase(label.tags, archived_tag);
        if (archive) label.tags.push_back(archived_tag);
        study_.setLabel(id, label);
    }
}

void RunsPanel::openMenu(const QPoint& at) {
    const RunEntry* run = model_->entry(model_->rowOf(currentRun()));
    if (run == nullptr) return;
    const QString id = QString::fromStdString(run->summary.run_id);
    const bool readable = run->summary.problem.empty();
    QMenu menu(this);
    menu.addAction(tr("Show in all views\tEnter"), this, [this, id] { Q_EMIT runActivated(id); })->setEnabled(readable);
    menu.addAction(tr("New job with these settings…"), this, [this, id] { Q_EMIT settingsWanted(id); })
        ->setEnabled(readable);
    const bool can_resume = readable && (run->summary.interrupted || run->summary.state == RunState::Cancelled);
    menu.addAction(tr("Resume"), this, [this, id] { Q_EMIT resumeRequested(id); })->setEnabled(can_resume);
    menu.addSeparator();
    menu.addAction(isArchived(run->label) ? tr("Unarchive\tA") : tr("Archive\tA"), this, &RunsPanel::toggleArchived);
    menu.addAction(tr("Copy run id"), this, [id] { QGuiApplication::clipboard()->setText(id); });
    menu.addAction(tr("Copy path of the run file"), this,
                   [path = QString::fromStdString(run->summary.path)] { QGuiApplication::clipboard()->setText(path); });
    menu.exec(table_->viewport()->mapToGlobal(at));
}

QByteArray RunsPanel::saveState() const {
    QByteArray bytes;
    QDataStream stream(&bytes, QIODevice::WriteOnly);
    stream << saved_format << model_->specColumns() << table_->horizontalHeader()->saveState() << filter_edit_->text()
           << archived_button_->isChecked();
    return sealState(bytes);
}

bool RunsPanel::restoreState(const QByteArray& state) {
    const QByteArray bytes = unsealState(state);
    if (bytes.isEmpty()) return false;
    QDataStream stream(bytes);
    quint32 version = 0;
    QStringList fields;
    QByteArray header;
    QString words;
    bool archived = false;
    stream >> version >> fields >> header >> words >> archived;
    if (stream.status() != QDataStream::Ok || version != saved_format) return false;
    model_->setSpecColumns(fields);
    const bool restored = table_->horizontalHeader()->restoreState(header);
    table_->setColumnHidden(RunsModel::RunColumn, false);
    filter_edit_->setText(words);
    archived_button_->setChecked(archived);
    return restored;
}

}  // namespace fm
