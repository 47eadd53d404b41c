#include "widgets/panels/sample_inspector.h"

#include <QBoxLayout>
#include <QGridLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QStackedWidget>
#include <QToolButton>

#include "widgets/models/number_text.h"
#include "widgets/panels/elided_label.h"
#include "widgets/panels/panel_parts.h"
#include "widgets/theme/theme.h"

namespace fm {

static QLabel* answerLabel(const QString& name, QWidget* parent) {
    auto* label = new QLabel(parent);
    label->setTextFormat(Qt::PlainText);  // answers come out of models and files
    label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    label->setWordWrap(true);
    label->setAccessibleName(name);
    return label;
}

SampleInspector::SampleInspector(ThemeSource& theme, QWidget* parent) : QWidget(parent), theme_(theme) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    pages_ = new QStackedWidget(this);
    empty_ = emptyLabel(pages_);
    empty_->setText(tr("Select a sample to see its prompt, needle and answers."));
    empty_->setMinimumHeight(2 * empty_->fontMetrics().height() + 2 * empty_->margin());
    pages_->addWidget(empty_);
    pages_->addWidget(buildPage());
    layout->addWidget(pages_);
    showPage(0);
    connect(&theme_, &ThemeSource::changed, this, [this] {
        showVerdict();
        markNeedle();
    });
}

QWidget* SampleInspector::buildPage() {
    auto* page = new QWidget(pages_);
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(4, 0, 0, 0);
    layout->setSpacing(6);
    auto* head = new QHBoxLayout;
    title_ = faintElidedLabel(page);  // a click on a sample must not move the docks
    title_->setTextFormat(Qt::PlainText);
    QToolButton* needle = flatButton(tr("needle"), tr("Scrolls the prompt to the needle that holds the answer"), page);
    QToolButton* question = flatButton(tr("question"), tr("Scrolls the prompt to the question at its end"), page);
    head->addWidget(title_);
    head->addStretch(1);
    head->addWidget(needle);
    head->addWidget(question);
    layout->addLayout(head);
    connect(needle, &QToolButton::clicked, this, &SampleInspector::goToNeedle);
    connect(question, &QToolButton::clicked, this, &SampleInspector::goToQuestion);
    prompt_note_ = faintLabel({}, page);
    prompt_note_->setWordWrap(true);
    layout->addWidget(prompt_note_);
    prompt_ = new QPlainTextEdit(page);
    prompt_->setReadOnly(true);
    prompt_->setAccessibleName(tr("Prompt of the sample"));
    prompt_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    prompt_->setMinimumHeight(3 * prompt_->fontMetrics().height());
    layout->addWidget(prompt_, 1);
    auto* answers = new QGridLayout;
    answers->setColumnStretch(1, 1);
    answers->setVerticalSpacing(3);
    expected_ = answerLabel(tr("Expected answer"), page);
    given_ = answerLabel(tr("Given answer"), page);
    verdict_ = new QLabel(page);
    teacher_ = answerLabel(tr("Teacher's answer"), page);
    answers->addWidget(faintLabel(tr("expected"), page), 0, 0, Qt::AlignTop);
    answers->addWidget(expected_, 0, 1, 1, 2);
    answers->addWidget(faintLabel(tr("given"), page), 1, 0, Qt::AlignTop);
    answers->addWidget(given_, 1, 1);
    answers->addWidget(verdict_, 1, 2, Qt::AlignTop);
    answers->addWidget(faintLabel(tr("teacher"), page), 2, 0, Qt::AlignTop);
    answers->addWidget(teacher_, 2, 1, 1, 2);
    layout->addLayout(answers);
    gates_title_ = faintLabel({}, page);
    layout->addWidget(gates_title_);
    gates_ = new GateContext(theme_, page);
    layout->addWidget(gates_);
    return page;
}

// What is not shown asks for no room.
void SampleInspector::showPage(int page) {
    for (int i = 0; i < pages_->count(); ++i) {
        const QSizePolicy::Policy height = i == page ? QSizePolicy::Preferred : QSizePolicy::Ignored;
        pages_->widget(i)->setSizePolicy(QSizePolicy::Preferred, height);
    }
    pages_->setCurrentIndex(page);
}

void SampleInspector::clear() { showPage(0); }

bool SampleInspector::isEmpty() const { return pages_->currentIndex() == 0; }

void SampleInspector::showSample(int index, const SampleRow& sample) {
    sample_ = sample;
    title_->setFullText(tr("#%1 · %2 · %3 tokens · needle at %4 %")
                            .arg(index)
                            .arg(sample.task, tokensText(sample.tokens))
                            .arg(100 * sample.needle_depth, 0, 'f', 0),
                        tr("#%1 · %2").arg(index).arg(sample.task));
    prompt_->setToolTip(tr("Seed %1: `flashmorph eval` with this seed makes the same prompt").arg(sample.seed));
    expected_->setText(sample.expected.trimmed());
    given_->setText(sample.given.trimmed().isEmpty() ? tr("(nothing)") : sample.given.trimmed());
    showVerdict();
    teacher_->setText(QStringLiteral("–"));
    has_gates_ = false;
    showGates();
    needle_.clear();
    prompt_->clear();
    showNote(tr("Making the prompt again from its seed…"));
    showPage(1);
}

void SampleInspector::showVerdict() {
    const bool right = sample_.recall >= 1;
    verdict_->setText(right                ? tr("right")
                      : sample_.recall > 0 ? tr("%1 of the values").arg(shareText(sample_.recall))
                                           : tr("wrong"));
    QPalette colours = verdict_->palette();
    colours.setColor(QPalette::WindowText, right ? theme_.theme().accent : theme_.theme().error);
    verdict_->setPalette(colours);
}

void SampleInspector::showNote(const QString& note) {
    prompt_note_->setText(note);
    prompt_note_->setVisible(!note.isEmpty());
}

void SampleInspector::showDetail(const SampleDetail& detail) {
    showNote({});
    prompt_->setPlainText(detail.prompt);
    needle_ = detail.needle;
    teacher_->setText(detail.teacher.trimmed().isEmpty() ? QStringLiteral("–") : detail.teacher.trimmed());
    gates_->setGates(detail.gates);
    has_gates_ = !detail.gates.empty();
    showGates();
    gates_title_->setText(tr("gate of each layer, from %1").arg(detail.gate_run));
    markNeedle();
    goToNeedle();
}

void SampleInspector::setLow(bool low) {
    low_ = low;
    showGates();
}

void SampleInspector::showGates() {
    gates_->setVisible(has_gates_ && !low_);
    gates_title_->setVisible(has_gates_ && !low_);
}

void SampleInspector::markNeedle() {
    QList<QTextEdit::ExtraSelection> marks;
    for (const auto& [begin, end] : needle_) {
        QTextEdit::ExtraSelection mark;
        mark.cursor = QTextCursor(prompt_->document());
        mark.cursor.setPosition(static_cast<int>(begin));
        mark.cursor.setPosition(static_cast<int>(end), QTextCursor::KeepAnchor);
        mark.format.setBackground(theme_.theme().full);
        mark.format.setForeground(readableOn(theme_.theme().full));
        marks << mark;
    }
    prompt_->setExtraSelections(marks);
}

void SampleInspector::goToNeedle() {
    if (needle_.empty()) return;
    QTextCursor cursor(prompt_->document());
    cursor.setPosition(static_cast<int>(needle_.front().first));
    prompt_->setTextCursor(cursor);
    prompt_->centerCursor();
}

void SampleInspector::goToQuestion() {
    prompt_->moveCursor(QTextCursor::End);
    prompt_->ensureCursorVisible();
}

}  // namespace fm
