#include "widgets/panels/export_dialog.h"

#include <QBoxLayout>
#include <QComboBox>
#include <QFileDialog>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QProgressBar>
#include <QPushButton>
#include <QToolButton>
#include <nlohmann/json.hpp>

#include "widgets/models/number_text.h"
#include "widgets/panels/panel_parts.h"
#include "widgets/theme/theme.h"

namespace fm {

static QLabel* wrappedLabel(QWidget* parent) {
    auto* label = new QLabel(parent);
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    return label;
}

static QString bulleted(const QStringList& sentences) {
    return sentences.isEmpty() ? QString() : QStringLiteral("• ") + sentences.join(QStringLiteral("\n• "));
}

ExportDialog::ExportDialog(ThemeSource& theme, QWidget* parent) : QDialog(parent), theme_(theme) {
    setWindowTitle(tr("Export"));
    setMinimumSize(680, 440);
    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(10);
    subject_label_ = titleLabel({}, this);
    layout->addWidget(subject_label_);
    layout->addLayout(buildTargets(), 1);
    layout->addLayout(buildDestination());
    progress_ = new QProgressBar(this);
    progress_->setRange(0, 0);
    progress_->setAccessibleName(tr("Export is running"));
    progress_->hide();
    layout->addWidget(progress_);
    status_ = wrappedLabel(this);
    layout->addWidget(status_);
    report_ = wrappedLabel(this);
    report_->hide();
    layout->addWidget(report_);
    layout->addLayout(buildFoot());
    connect(&theme_, &ThemeSource::changed, this, &ExportDialog::showTarget);
    showTarget();
}

QLayout* ExportDialog::buildTargets() {
    auto* row = new QHBoxLayout;
    row->setSpacing(10);
    list_ = new QListWidget(this);
    list_->setAccessibleName(tr("Targets"));
    list_->setToolTip(tr("File formats the hybrid can be written in, with how exactly each holds it"));
    list_->setMaximumWidth(270);
    auto* column = new QVBoxLayout;
    column->setSpacing(6);
    verdict_ = titleLabel({}, this);
    reasons_ = wrappedLabel(this);
    loaders_ = wrappedLabel(this);
    loaders_->setProperty("role", "faint");
    column->addWidget(verdict_);
    column->addWidget(reasons_);
    column->addWidget(loaders_);
    column->addStretch(1);
    row->addWidget(list_);
    row->addLayout(column, 1);
    connect(list_, &QListWidget::currentRowChanged, this, &ExportDialog::showTarget);
    return row;
}

QLayout* ExportDialog::buildDestination() {
    auto* grid = new QGridLayout;
    grid->setColumnStretch(1, 1);
    destination_edit_ = new QLineEdit(this);
    destination_edit_->setAccessibleName(tr("Destination folder"));
    destination_edit_->setToolTip(tr("Folder to write, on the engine's machine; it must not exist yet"));
    QToolButton* browse = flatButton(tr("browse"), tr("Chooses the folder in which the export is written"), this);
    dtype_box_ = new QComboBox(this);
    dtype_box_->addItems({QStringLiteral("bf16"), QStringLiteral("f16"), QStringLiteral("f32")});
    dtype_box_->setAccessibleName(tr("Precision"));
    dtype_box_->setToolTip(tr("Precision of the matrices that are written; norms and decays stay f32"));
    grid->addWidget(faintLabel(tr("folder"), this), 0, 0);
    grid->addWidget(destination_edit_, 0, 1);
    grid->addWidget(browse, 0, 2);
    grid->addWidget(faintLabel(tr("precision"), this), 1, 0);
    connect(dtype_box_, &QComboBox::currentTextChanged, this, &ExportDialog::suggestDestination);
    grid->addWidget(dtype_box_, 1, 1, Qt::AlignLeft);
    connect(destination_edit_, &QLineEdit::textEdited, this, [this] { destination_typed_ = true; });
    connect(browse, &QToolButton::clicked, this, [this] {
        const QString folder = QFileDialog::getExistingDirectory(this, tr("Export into"), subject_.study);
        if (folder.isEmpty()) return;
        destination_edit_->setText(folder + QChar('/') + target());
        destination_typed_ = true;
    });
    return grid;
}

QLayout* ExportDialog::buildFoot() {
    auto* foot = new QHBoxLayout;
    open_button_ = new QPushButton(tr("Open folder"), this);
    open_button_->setToolTip(tr("Shows the written folder in the file manager"));
    open_button_->hide();
    close_button_ = new QPushButton(tr("Close"), this);
    close_button_->setToolTip(tr("Closes; a running export goes on"));
    close_button_->setAutoDefault(false);
    export_button_ = new QPushButton(tr("Export and verify"), this);
    export_button_->setDefault(true);
    foot->addWidget(open_button_);
    foot->addStretch(1);
    foot->addWidget(close_button_);
    foot->addWidget(export_button_);
    connect(close_button_, &QPushButton::clicked, this, &QDialog::close);
    connect(open_button_, &QPushButton::clicked, this, [this] { Q_EMIT openFolder(written_folder_); });
    connect(export_button_, &QPushButton::clicked, this, [this] {
        stage_ = Stage::Exporting;
        report_->hide();
        open_button_->hide();
        setBusy(true);
        setProgress(tr("Writing %1…").arg(destination()));
        Q_EMIT exportRequested(target(), destination(), dtype());
    });
    return foot;
}

void ExportDialog::setSubject(const ExportSubjectText& subject) {
    subject_ = subject;
    subject_label_->setText(subject.title);
    targets_.clear();
    list_->clear();
    destination_typed_ = false;
    stage_ = Stage::Choose;
    report_->hide();
    open_button_->hide();
    status_->setText(tr("Asking the engine which targets hold this hybrid…"));
    showTarget();
    Q_EMIT targetsWanted();
}

void ExportDialog::setTargets(const nlohmann::json& result) {
    targets_ = exportTargets(result);
    list_->clear();
    int first_exact = -1;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
        auto* item = new QListWidgetItem(targets_[i].title + QChar('\n') + exportFitText(targets_[i].fit), list_);
        item->setForeground(colourOf(targets_[i].fit));
        if (targets_[i].fit == ExportFit::Exact && first_exact < 0) first_exact = static_cast<int>(i);
    }
    status_->setText(targets_.empty() ? tr("The engine knows no target.") : QString());
    list_->setCurrentRow(std::max(0, first_exact));
    showTarget();
}

QColor ExportDialog::colourOf(ExportFit fit) const {
    const Theme& theme = theme_.theme();
    if (fit == ExportFit::Exact) return theme.accent;
    return fit == ExportFit::Approximate ? theme.warning : theme.error;
}

void ExportDialog::showTarget() {
    const int row = list_->currentRow();
    const bool chosen = row >= 0 && row < static_cast<int>(targets_.size());
    if (!chosen) {
        for (QLabel* label : {verdict_, reasons_, loaders_}) label->clear();
        export_button_->setEnabled(false);
        return;
    }
    const ExportTarget& shown = targets_[static_cast<std::size_t>(row)];
    QPalette colours = verdict_->palette();
    colours.setColor(QPalette::WindowText, colourOf(shown.fit));
    verdict_->setPalette(colours);
    verdict_->setText(shown.title + QStringLiteral(": ") + exportFitText(shown.fit));
    const QString exact = tr("The format holds every tensor of this hybrid as it is.");
    reasons_->setText(shown.fit == ExportFit::Exact ? exact : bulleted(shown.why_not));
    QStringList more;
    if (!shown.loaders.isEmpty()) more << tr("Loads in: %1").arg(shown.loaders.join(QStringLiteral("; ")));
    if (!shown.remarks.isEmpty()) more << bulleted(shown.remarks);
    loaders_->setText(more.join(QChar('\n')));
    suggestDestination();
    const bool possible = shown.fit != ExportFit::NotRepresentable;
    export_button_->setEnabled(possible && stage_ != Stage::Exporting && stage_ != Stage::Verifying);
    export_button_->setToolTip(possible ? tr("Writes the folder, then checks it with an independent re-loader")
                                        : tr("This target cannot hold the hybrid: see why above"));
}

void ExportDialog::suggestDestination() {
    if (destination_typed_ || subject_.study.isEmpty()) return;
    const QString name = subject_.hybrid.isEmpty() ? QString::fromStdString(subject_.plan) : subject_.hybrid;
    destination_edit_->setText(QStringLiteral("%1/exports/%2-%3-%4").arg(subject_.study, target(), name, dtype()));
}

QString ExportDialog::target() const {
    const int row = list_->currentRow();
    return row < 0 || row >= static_cast<int>(targets_.size()) ? QString()
                                                               : targets_[static_cast<std::size_t>(row)].name;
}

QString ExportDialog::destination() const { return destination_edit_->text().trimmed(); }
QString ExportDialog::dtype() const { return dtype_box_->currentText(); }

void ExportDialog::setBusy(bool busy) {
    progress_->setVisible(busy);
    for (QWidget* widget : std::initializer_list<QWidget*>{list_, destination_edit_, dtype_box_})
        widget->setEnabled(!busy);
    export_button_->setEnabled(!busy && !target().isEmpty());
}

void ExportDialog::setProgress(const QString& text) { status_->setText(text); }

void ExportDialog::setExported(const nlohmann::json& result) {
    const ExportOutcome outcome = exportOutcome(result);
    if (outcome.folder.isEmpty()) {
        setProblem(outcome.reasons.isEmpty() ? tr("Nothing was written.") : outcome.reasons.join(QChar(' ')));
        return;
    }
    written_folder_ = outcome.folder;
    QStringList lines{tr("Written: %1").arg(outcome.folder), tr("Verdict: %1").arg(exportFitText(outcome.fit))};
    if (outcome.max_abs_error)
        lines << tr("Largest logit difference to the hybrid in memory: %1").arg(numberText(*outcome.max_abs_error));
    report_->setText(lines.join(QChar('\n')));
    report_->show();
    open_button_->show();
    stage_ = Stage::Verifying;
    setProgress(tr("Verifying with the independent re-loader…"));
    Q_EMIT verifyRequested(outcome.folder);
}

void ExportDialog::setVerified(const nlohmann::json& result) {
    const ExportCheck check = exportCheck(result);
    QString line =
        check.passed ? tr("Verified: %1 tensors, %2").arg(check.tensors).arg(check.precision) : tr("The check failed");
    if (check.max_abs_error) line += tr(", largest logit difference %1").arg(numberText(*check.max_abs_error));
    if (check.greedy_agreement) line += tr(", same best token at %1 %").arg(100 * *check.greedy_agreement, 0, 'f', 1);
    report_->setText(report_->text() + QChar('\n') + line);
    stage_ = Stage::Done;
    setBusy(false);
    status_->setText(check.passed ? tr("Done. The folder loads without this program.") : bulleted(check.problems));
}

void ExportDialog::setProblem(const QString& sentence) {
    stage_ = Stage::Choose;
    setBusy(false);
    status_->setText(sentence);
    showTarget();
}

}  // namespace fm
