#include "widgets/panels/run_label_editor.h"

#include <QGridLayout>
#include <QLineEdit>
#include <QShortcut>
#include <QToolButton>
#include <algorithm>

#include "widgets/models/run_text.h"
#include "widgets/panels/hinted_edit.h"
#include "widgets/panels/panel_parts.h"

namespace fm {

namespace {

std::vector<std::string> tagsOf(const QString& text, bool archived) {
    std::vector<std::string> tags;
    for (const QString& part : text.split(QChar(','), Qt::SkipEmptyParts)) {
        const std::string tag = part.trimmed().toStdString();
        if (!tag.empty() && tag != archived_tag && std::find(tags.begin(), tags.end(), tag) == tags.end())
            tags.push_back(tag);
    }
    if (archived) tags.push_back(archived_tag);
    return tags;
}

void edit(QLineEdit& line) {
    line.setFocus(Qt::ShortcutFocusReason);
    line.selectAll();
}

}  // namespace

RunLabelEditor::RunLabelEditor(QWidget* parent) : QWidget(parent) {
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(6);
    grid->setVerticalSpacing(4);
    name_ = addField({tr("name")}, tr("Name of the run"), tr("Your name for the run (F2)"));
    tags_ = addField({tr("tags, with commas"), tr("tags")}, tr("Tags of the run"),
                     tr("Words for finding the run again (T)"));
    notes_ = addField({tr("notes")}, tr("Notes on the run"), tr("What you want to remember about the run (N)"));
    archive_ = flatButton(tr("archive"), tr("Put the selected runs away; nothing is deleted (A)"), this);
    grid->addWidget(name_, 0, 0);
    grid->addWidget(tags_, 0, 1, 1, 2);
    grid->addWidget(notes_, 1, 0, 1, 2);
    grid->addWidget(archive_, 1, 2);
    connect(archive_, &QToolButton::clicked, this, &RunLabelEditor::archiveClicked);
    showLabel({}, {});
}

QLineEdit* RunLabelEditor::addField(const QStringList& hints, const QString& name, const QString& tool_tip) {
    auto* field = new HintedEdit(hints, this);
    field->setAccessibleName(name);
    field->setToolTip(tool_tip);
    connect(field, &QLineEdit::editingFinished, this, &RunLabelEditor::store);
    connect(field, &QLineEdit::returnPressed, this, &RunLabelEditor::done);
    const auto* escape = new QShortcut(Qt::Key_Escape, field, nullptr, nullptr, Qt::WidgetShortcut);
    connect(escape, &QShortcut::activated, this, [this] {
        showLabel(run_id_, label_);
        Q_EMIT done();
    });
    return field;
}

void RunLabelEditor::showLabel(const QString& run_id, const Label& label) {
    run_id_ = run_id;
    label_ = label;
    setEnabled(!run_id.isEmpty());
    QStringList tags;
    for (const std::string& tag : label.tags)
        if (tag != archived_tag) tags << QString::fromStdString(tag);
    name_->setText(QString::fromStdString(label.name));
    tags_->setText(tags.join(QStringLiteral(", ")));
    notes_->setText(QString::fromStdString(label.notes));
    archive_->setText(isArchived(label) ? tr("unarchive") : tr("archive"));
    for (QLineEdit* field : {name_, tags_, notes_}) field->setCursorPosition(0);
}

bool RunLabelEditor::isBeingEdited() const { return name_->hasFocus() || tags_->hasFocus() || notes_->hasFocus(); }

void RunLabelEditor::editName() { edit(*name_); }
void RunLabelEditor::editTags() { edit(*tags_); }
void RunLabelEditor::editNotes() { edit(*notes_); }

void RunLabelEditor::store() {
    if (run_id_.isEmpty()) return;
    Label label = label_;
    label.name = name_->text().trimmed().toStdString();
    label.tags = tagsOf(tags_->text(), isArchived(label_));
    label.notes = notes_->text().toStdString();
    if (label == label_) return;
    label_ = label;
    Q_EMIT labelEdited(run_id_, label);
}

}  // namespace fm
