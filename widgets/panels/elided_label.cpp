#include "widgets/panels/elided_label.h"

namespace fm {

ElidedLabel::ElidedLabel(QWidget* parent) : QLabel(parent) {
    setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Preferred);
}

void ElidedLabel::setFullText(const QString& text, const QString& shorter) {
    if (text == full_ && shorter == shorter_) return;
    full_ = text;
    shorter_ = shorter;
    setAccessibleName(text);
    updateGeometry();
    showWhatFits();
}

bool ElidedLabel::isCut() const { return text() != full_ && text() != shorter_; }

QSize ElidedLabel::sizeHint() const {
    return {full_.isEmpty() ? 0 : fontMetrics().horizontalAdvance(full_) + 4, QLabel::sizeHint().height()};
}

void ElidedLabel::resizeEvent(QResizeEvent* event) {
    QLabel::resizeEvent(event);
    showWhatFits();
}

void ElidedLabel::showWhatFits() {
    const bool fits = shorter_.isEmpty() || fontMetrics().horizontalAdvance(full_) <= width();
    const QString shown = fontMetrics().elidedText(fits ? full_ : shorter_, Qt::ElideRight, width());
    setText(shown);
    setToolTip(shown == full_ ? QString() : full_);
}

}  // namespace fm
