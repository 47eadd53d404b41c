#include "widgets/panels/field_editor.h"

#include <QAbstractItemView>
#include <QBoxLayout>
#include <QCheckBox>
#include <QComboBox>
#include <QCompleter>
#include <QLabel>
#include <QLineEdit>
#include <QStringListModel>

#include "widgets/panels/hinted_edit.h"
#include "widgets/panels/panel_parts.h"

namespace fm {

namespace {

// Completes the word after the last comma, and puts it back behind the ones before it.
class ListCompleter : public QCompleter {
public:
    using QCompleter::QCompleter;
    QString pathFromIndex(const QModelIndex& index) const override {
        const QString typed = static_cast<const QLineEdit*>(widget())->text();
        const qsizetype comma = typed.lastIndexOf(QChar(','));
        const QString before = comma < 0 ? QString() : typed.left(comma + 1) + QChar(' ');
        return before + QCompleter::pathFromIndex(index);
    }
    QStringList splitPath(const QString& path) const override {
        return {path.mid(path.lastIndexOf(QChar(',')) + 1).trimmed()};
    }
};

// Up and down arrows step integers, so that a budget can be changed without typing.
class NumberLine : public HintedEdit {
public:
    NumberLine(const FormField& field, QWidget* parent) : HintedEdit({}, parent), field_(field) {}

protected:
    void keyPressEvent(QKeyEvent* event) override {
        const bool up = event->key() == Qt::Key_Up;
        bool is_number = false;
        const qlonglong number = text().toLongLong(&is_number);
        if ((!up && event->key() != Qt::Key_Down) || field_.type != FieldType::Integer || !is_number)
            return QLineEdit::keyPressEvent(event);
        const qlonglong next = number + (up ? 1 : -1);
        if ((field_.min && static_cast<double>(next) < *field_.min) ||
            (field_.max && static_cast<double>(next) > *field_.max))
            return;
        setText(QString::number(next));
        Q_EMIT textEdited(text());
    }

private:
    const FormField& field_;
};

}  // namespace

FieldEditor::FieldEditor(const FormField& field, QWidget* parent) : QWidget(parent), field_(field) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    auto* row = new QHBoxLayout;
    row->setSpacing(6);
    buildInput();
    row->addWidget(input(), 1);
    if (!field_.unit.isEmpty() && field_.unit != QStringLiteral("1")) row->addWidget(faintLabel(field_.unit, this));
    if (field_.isLive()) {
        QLabel* live = faintLabel(tr("live"), this);
        live->setToolTip(tr("Can be changed while the job runs; takes effect at the %1").arg(field_.takes_effect));
        row->addWidget(live);
    }
    column->addLayout(row);
    problem_ = new QLabel(this);
    problem_->setProperty("role", "error");
    problem_->setWordWrap(true);
    problem_->hide();
    column->addWidget(problem_);
    note_ = faintLabel({}, this);
    note_->hide();
    column->addWidget(note_);
    connect(this, &FieldEditor::edited, note_, &QWidget::hide);
    input()->setToolTip(field_.toolTip());
    input()->setAccessibleName(field_.label());
    input()->setAccessibleDescription(field_.help);
    setFocusProxy(input());
    setValue(field_.default_value);
}

void FieldEditor::buildInput() {
    if (field_.type == FieldType::Flag) {
        check_ = new QCheckBox(this);
        connect(check_, &QCheckBox::clicked, this, &FieldEditor::edited);
    } else if (!field_.choices.isEmpty() && field_.type == FieldType::Text) {
        choice_ = new QComboBox(this);
        choice_->addItems(field_.choices);
        connect(choice_, &QComboBox::activated, this, &FieldEditor::edited);
    } else {
        auto* line = new NumberLine(field_, this);
        line_ = line;
        // The help of a field that may stay empty says what that means: "id of the branch set; none: the newest".
        const qsizetype none = field_.help.indexOf(QStringLiteral("none: "));
        if (none >= 0) line->setHints({field_.help.mid(none + 6), tr("usual")});
        connect(line_, &QLineEdit::textEdited, this, &FieldEditor::edited);
    }
}

QWidget* FieldEditor::input() const {
    if (check_ != nullptr) return check_;
    return choice_ != nullptr ? static_cast<QWidget*>(choice_) : line_;
}

nlohmann::json FieldEditor::value() const {
    if (check_ != nullptr) return check_->isChecked();
    if (choice_ != nullptr) return choice_->currentText().toStdString();
    return valueOfText(field_, line_->text());
}

void FieldEditor::setValue(const nlohmann::json& value) {
    if (check_ != nullptr) {
        check_->setChecked(value.is_boolean() && value.get<bool>());
    } else if (choice_ != nullptr) {
        const QString word = textOfValue(value);
        if (choice_->findText(word) < 0) choice_->addItem(word);  // shown as it is; the engine will refuse it
        choice_->setCurrentText(word);
    } else {
        line_->setText(textOfValue(value));
        line_->setCursorPosition(0);
    }
}

void FieldEditor::setSuggestions(const QStringList& words) {
    if (line_ == nullptr || words.isEmpty()) return;
    auto* completer = new ListCompleter(words, line_);
    completer->setCaseSensitivity(Qt::CaseInsensitive);
    completer->setFilterMode(Qt::MatchContains);
    line_->setCompleter(completer);
    connect(completer, qOverload<const QString&>(&QCompleter::activated), this, &FieldEditor::edited);
}

void FieldEditor::showProblem(const QString& problem) {
    problem_->setText(problem);
    problem_->setVisible(!problem.isEmpty());
    showProblemAt(*input(), problem);
}

void FieldEditor::showNote(const QString& note) {
    note_->setText(note);
    note_->setVisible(!note.isEmpty());
}

QString FieldEditor::problem() const { return problem_->text(); }

}  // namespace fm
