#include "widgets/panels/job_form.h"

#include <QBoxLayout>
#include <QClipboard>
#include <QFormLayout>
#include <QGuiApplication>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QShortcut>
#include <QToolButton>

#include "widgets/panels/field_editor.h"
#include "widgets/panels/panel_parts.h"

namespace fm {

// What a job works on, not how long: tasks, lengths, branches, plan, budget.
static bool isSubject(const FormField& field) {
    return (field.type != FieldType::Integer && field.type != FieldType::Number) ||
           field.name == QStringLiteral("budget");
}

JobForm::JobForm(QWidget* parent) : QWidget(parent) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(8, 8, 8, 8);
    layout->setSpacing(6);
    layout->addLayout(buildHead());
    scroll_ = new QScrollArea(this);
    scroll_->setWidgetResizable(true);
    scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    layout->addWidget(scroll_, 1);
    json_view_ = new QPlainTextEdit(this);
    json_view_->setReadOnly(true);
    json_view_->setAccessibleName(tr("Complete spec as JSON"));
    json_view_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    json_view_->setMaximumHeight(190);
    json_view_->hide();
    layout->addWidget(json_view_);
    other_problems_ = new QLabel(this);
    other_problems_->setProperty("role", "error");
    other_problems_->setWordWrap(true);
    other_problems_->hide();
    layout->addWidget(other_problems_);
    layout->addLayout(buildFoot());
    validate_timer_.setSingleShot(true);
    validate_timer_.setInterval(250);
    connect(&validate_timer_, &QTimer::timeout, this, [this] { Q_EMIT validateWanted(job_, changedSpec()); });
    const auto* start =
        new QShortcut(QKeySequence(Qt::CTRL | Qt::Key_Return), this, nullptr, nullptr, Qt::WidgetWithChildrenShortcut);
    connect(start, &QShortcut::activated, this, &JobForm::requestStart);
    setJob({}, nlohmann::json::object());
}

QLayout* JobForm::buildHead() {
    auto* head = new QHBoxLayout;
    head->setSpacing(4);
    title_ = titleLabel({}, this);
    find_ = new QLineEdit(this);
    find_->setPlaceholderText(tr("find a setting"));
    find_->setAccessibleName(tr("Find a setting"));
    find_->setToolTip(tr("Shows the settings whose name or help has these words"));
    find_->setClearButtonEnabled(true);
    QToolButton* usual = flatButton(tr("usual"), tr("Every setting at its default"), this);
    QToolButton* smoke = flatButton(tr("smoke"), tr("Small enough to end in seconds: to see that all works"), this);
    head->addWidget(title_);
    head->addWidget(find_, 1);
    head->addWidget(usual);
    head->addWidget(smoke);
    connect(usual, &QToolButton::clicked, this, [this] { applyPreset(QStringLiteral("usual")); });
    connect(smoke, &QToolButton::clicked, this, [this] { applyPreset(QStringLiteral("smoke")); });
    connect(find_, &QLineEdit::textChanged, this, &JobForm::filterFields);
    return head;
}

QLayout* JobForm::buildFoot() {
    auto* foot = new QHBoxLayout;
    foot->setSpacing(4);
    json_button_ = flatButton(tr("spec"), tr("Shows the complete spec as JSON, as `flashmorph run` takes it"), this);
    json_button_->setCheckable(true);
    QToolButton* copy =
        flatButton(tr("copy command"), tr("Copies the command line that does the same, with the same numbers"), this);
    start_button_ = new QPushButton(tr("Start"), this);
    start_button_->setProperty("role", "primary");
    foot->addWidget(json_button_);
    foot->addWidget(copy);
    foot->addStretch(1);
    foot->addWidget(start_button_);
    connect(json_button_, &QToolButton::toggled, json_view_, &QWidget::setVisible);
    connect(json_button_, &QToolButton::toggled, this, &JobForm::showSpec);
    connect(copy, &QToolButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(command()); });
    connect(start_button_, &QPushButton::clicked, this, &JobForm::requestStart);
    return foot;
}

void JobForm::setStudy(const QString& folder) { study_ = folder; }

void JobForm::setJob(const QString& job, const nlohmann::json& defaults) {
    nlohmann::json typed = nlohmann::json::object();
    for (const auto& [name, editor] : editors_)
        if (editor->isChanged() && isSubject(editor->field())) typed[name.toStdString()] = editor->value();
    job_ = job;
    live_run_.clear();
    fields_ = formFields(defaults);
    editors_.clear();
    find_->clear();
    auto* page = new QWidget;
    form_ = new QFormLayout(page);
    form_->setContentsMargins(2, 2, 8, 2);
    form_->setHorizontalSpacing(10);
    form_->setVerticalSpacing(5);
    form_->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    form_->setLabelAlignment(Qt::AlignLeft);
    for (const FormField& field : fields_) addField(field, *form_);
    if (fields_.empty()) {
        QLabel* empty = emptyLabel(page);
        empty->setText(
            tr("The settings of a job stand here. Choose one at the top of the window: Gates is a good start."));
        form_->addRow(empty);
    }
    scroll_->setWidget(page);  // the one before it is deleted
    for (const auto& [name, value] : typed.items())
        if (FieldEditor* field = editor(QString::fromStdString(name))) field->setValue(value);
    title_->setText(job.isEmpty() ? tr("No job") : job.left(1).toUpper() + job.mid(1));
    complete_spec_ = nlohmann::json();
    setProblems({}, {});
    setTabOrder(find_, scroll_);
    if (!fields_.empty()) validate_timer_.start();
}

void JobForm::addField(const FormField& field, QFormLayout& layout) {
    auto* editor = new FieldEditor(field, layout.parentWidget());
    editors_[field.name] = editor;
    auto* label = new QLabel(field.label(), layout.parentWidget());
    label->setToolTip(field.toolTip());
    label->setBuddy(editor->input());
    layout.addRow(label, editor);
    if (const auto words = suggestions_.find(field.name); words != suggestions_.end())
        editor->setSuggestions(words->second);
    connect(editor, &FieldEditor::edited, this, &JobForm::changed);
    if (!field.isLive()) return;
    if (auto* line = qobject_cast<QLineEdit*>(editor->input()))
        connect(line, &QLineEdit::returnPressed, this, [this, editor] {
            if (!live_run_.isEmpty()) Q_EMIT liveChangeRequested(live_run_, editor->field().name, editor->value());
        });
}

void JobForm::setSpec(const nlohmann::json& spec) {
    for (const auto& [name, editor] : editors_) {
        const auto value = spec.find(name.toStdString());
        editor->setValue(value == spec.end() ? editor->field().default_value : *value);
    }
    changed();
}

void JobForm::setSuggestions(const QString& field, const QStringList& words) {
    suggestions_[field] = words;
    if (FieldEditor* shown = editor(field)) shown->setSuggestions(words);
}

FieldEditor* JobForm::editor(const QString& field) const {
    const auto found = editors_.find(field);
    return found == editors_.end() ? nullptr : found->second;
}

nlohmann::json JobForm::spec() const {
    nlohmann::json spec = nlohmann::json::object();
    for (const auto& [name, editor] : editors_) spec[name.toStdString()] = editor->value();
    return spec;
}

nlohmann::json JobForm::changedSpec() const {
    nlohmann::json spec = nlohmann::json::object();
    for (const auto& [name, editor] : editors_) {
        if (editor->isChanged()) spec[name.toStdString()] = editor->value();
    }
    return spec;
}

QString JobForm::command() const { return commandLine(study_, job_, fields_, spec()); }

void JobForm::changed() {
    validate_timer_.start();
    showSpec();
    for (const FormField& field : fields_) {
        auto* label = qobject_cast<QLabel*>(form_->labelForField(editors_.at(field.name)));
        QFont font = label->font();
        font.setWeight(editors_.at(field.name)->isChanged()
                           ? QFont::DemiBold
                           : QFont::Normal);  // what differs from the usual can be seen at a glance
        label->setFont(font);
    }
}

void JobForm::applyPreset(const QString& preset) {
    const nlohmann::json values = presetValues(preset, fields_);
    for (const auto& [name, editor] : editors_) {
        if (preset == QStringLiteral("usual") || !isSubject(editor->field()))
            editor->setValue(values.at(name.toStdString()));
    }
    changed();
}

void JobForm::filterFields(const QString& words) {
    const QStringList wanted = words.toLower().split(QChar(' '), Qt::SkipEmptyParts);
    for (int row = 0; row < form_->rowCount(); ++row) {
        auto* editor = static_cast<FieldEditor*>(form_->itemAt(row, QFormLayout::FieldRole)->widget());
        const QString text = QString(editor->field().label() + QChar(' ') + editor->field().help).toLower();
        const bool shown =
            std::all_of(wanted.begin(), wanted.end(), [&text](const QString& word) { return text.contains(word); });
        form_->setRowVisible(row, shown);
    }
}

void JobForm::setProblems(const std::vector<Problem>& problems, const nlohmann::json& complete_spec) {
    for (const auto& [name, editor] : editors_) editor->showProblem({});
    QStringList others;
    FieldEditor* first = nullptr;
    for (const Problem& problem : problems) {
        const QString allowed = QString::fromStdString(problem.allowed);
        const QString sentence = problem.value.empty()
                                     ? tr("Must be %1").arg(allowed)
                                     : tr("%1: must be %2").arg(QString::fromStdString(problem.value), allowed);
        FieldEditor* at = editor(QString::fromStdString(problem.field));
        if (at == nullptr) {
            others << QString::fromStdString(problem.field) + QStringLiteral(": ") + sentence;
            continue;
        }
        at->showProblem(at->problem().isEmpty() ? sentence : at->problem() + QChar('\n') + sentence);
        if (first == nullptr || form_->indexOf(at) < form_->indexOf(first)) first = at;
    }
    num_problems_ = problems.size();
    other_problems_->setText(others.join(QChar('\n')));
    other_problems_->setVisible(!others.isEmpty());
    if (complete_spec.is_object() && !complete_spec.empty()) complete_spec_ = complete_spec;
    showSpec();
    showProblemCount();
}

void JobForm::showSpec() {
    if (!json_button_->isChecked()) return;
    nlohmann::json shown = complete_spec_.is_object() ? complete_spec_ : nlohmann::json::object();
    shown.update(spec());
    shown["job"] = job_.toStdString();
    if (!study_.isEmpty()) shown["study"] = study_.toStdString();
    const QString text = QString::fromStdString(shown.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    if (text != json_view_->toPlainText()) json_view_->setPlainText(text);
}

void JobForm::setCanStart(bool can_start, const QString& why_not) {
    can_start_ = can_start;
    why_not_ = why_not;
    showProblemCount();
}

void JobForm::showProblemCount() {
    start_button_->setEnabled(can_start_ && num_problems_ == 0 && !job_.isEmpty());
    if (num_problems_ > 0) {
        start_button_->setToolTip(tr("Settings to put right first: %1").arg(static_cast<int>(num_problems_)));
    } else {
        start_button_->setToolTip(can_start_ ? tr("Starts the job with these settings (Ctrl+Enter)") : why_not_);
    }
    start_button_->setText(num_problems_ == 0 ? tr("Start")
                                              : tr("%1 to put right").arg(static_cast<int>(num_problems_)));
}

void JobForm::requestStart() {
    if (start_button_->isEnabled()) Q_EMIT startRequested(job_, spec());
}

void JobForm::setLiveRun(const QString& run_id) {
    live_run_ = run_id;
    if (!run_id.isEmpty()) return;
    for (const auto& [name, editor] : editors_) editor->input()->setToolTip(editor->field().toolTip());
}

void JobForm::setTakesEffect(const QString& field, const QString& when) {
    if (FieldEditor* at = editor(field)) at->showNote(tr("changed: takes effect at the %1").arg(when));
}

}  // namespace fm
