#include "app/gui/new_study_dialog.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>

#include <nlohmann/json.hpp>

namespace fm {

NewStudyDialog::NewStudyDialog(QWidget* parent)
    : QDialog(parent), problem_(new QLabel(this)), create_(new QPushButton(tr("&Create"), this)) {
    setWindowTitle(tr("New study"));
    setMinimumWidth(560);
    setLayout(new QFormLayout);
    teacher_ = addPath(tr("&Teacher"), tr("A Hugging Face folder (Llama, SmolLM2, Qwen2.5, Qwen3) or a .gguf file"),
                       Kind::Model);
    folder_ = addPath(tr("&Study folder"), tr("A folder that does not exist yet; runs, branches and exports go there"),
                      Kind::NewFolder);
    text_ = addPath(tr("Te&xt"), tr("Text files for haystacks and plain-text losses; may be empty"), Kind::Folder);
    branches_ = addPath(tr("&Branch set"), tr("A branch set of this teacher, if there is one; else run Align first"),
                        Kind::Model);
    form_ = new QComboBox(this);
    form_->addItem(tr("plain text, for base models"), QStringLiteral("base"));
    form_->addItem(tr("the teacher's chat template, for instruct models"), QStringLiteral("chat"));
    form_->setToolTip(
        tr("How retrieval questions are put to the teacher. An instruct model often answers a bare text "
           "with an explanation, which counts as a miss; all figures of a study use one form."));
    auto* form_name = new QLabel(tr("&Prompts"), this);
    form_name->setBuddy(form_);
    static_cast<QFormLayout*>(layout())->addRow(form_name, form_);
    problem_->setProperty("role", "error");
    problem_->setWordWrap(true);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    create_->setDefault(true);
    buttons->addButton(create_, QDialogButtonBox::ActionRole);
    auto* form = static_cast<QFormLayout*>(layout());
    form->addRow(problem_);
    form->addRow(buttons);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(create_, &QPushButton::clicked, this, [this] {
        problem_->clear();
        create_->setEnabled(false);
        Q_EMIT createWanted();
    });
    showWhetherComplete();
}

QLineEdit* NewStudyDialog::addPath(const QString& label, const QString& help, Kind kind) {
    auto* edit = new QLineEdit(this);
    edit->setPlaceholderText(help);
    edit->setToolTip(help);
    auto* browse = new QPushButton(tr("Browse…"), this);
    browse->setAccessibleName(tr("Browse for %1").arg(QString(label).remove('&')));
    auto* row = new QHBoxLayout;
    row->addWidget(edit, 1);
    row->addWidget(browse);
    auto* name = new QLabel(label, this);
    name->setBuddy(edit);
    static_cast<QFormLayout*>(layout())->addRow(name, row);
    connect(edit, &QLineEdit::textChanged, this, &NewStudyDialog::showWhetherComplete);
    connect(browse, &QPushButton::clicked, this, [this, edit, kind, help] {
        QString path;
        if (kind == Kind::Folder) path = QFileDialog::getExistingDirectory(this, help);
        if (kind == Kind::NewFolder) path = QFileDialog::getSaveFileName(this, help);
        // A model is a file, or a folder named by the config.json in it.
        if (kind == Kind::Model) path = QFileDialog::getOpenFileName(this, help);
        if (path.endsWith("/config.json")) path.chop(12);
        if (!path.isEmpty()) edit->setText(path);
    });
    return edit;
}

void NewStudyDialog::showWhetherComplete() {
    create_->setEnabled(teacher_ && folder_ && !teacher_->text().isEmpty() && !folder_->text().isEmpty());
}

QString NewStudyDialog::folder() const { return folder_->text(); }

nlohmann::json NewStudyDialog::params() const {
    nlohmann::json params = {{"path", folder_->text().toStdString()}, {"teacher", teacher_->text().toStdString()}};
    if (!text_->text().isEmpty()) params["text"] = text_->text().toStdString();
    params["chat"] = form_->currentData().toString().toStdString();
    if (!branches_->text().isEmpty()) params["branches"] = branches_->text().toStdString();
    return params;
}

void NewStudyDialog::setProblem(const QString& sentence) {
    problem_->setText(sentence);
    showWhetherComplete();
}

}  // namespace fm
