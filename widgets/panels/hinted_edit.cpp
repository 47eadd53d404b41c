#include "widgets/panels/hinted_edit.h"

#include <algorithm>

namespace fm {

HintedEdit::HintedEdit(const QStringList& hints, QWidget* parent) : QLineEdit(parent) { setHints(hints); }

void HintedEdit::setHints(const QStringList& hints) {
    hints_ = hints;
    updateGeometry();
    showHint();
}

int HintedEdit::roomFor(const QString& hint) const {
    constexpr int kFrame = 22;  // border, padding, and Qt's own margins of the text
    return fontMetrics().horizontalAdvance(hint) + kFrame;
}

QSize HintedEdit::minimumSizeHint() const {
    if (hints_.isEmpty()) return QLineEdit::minimumSizeHint();
    return {roomFor(hints_.last()), QLineEdit::minimumSizeHint().height()};
}

void HintedEdit::resizeEvent(QResizeEvent* event) {
    QLineEdit::resizeEvent(event);
    showHint();
}

void HintedEdit::showHint() {
    if (hints_.isEmpty()) return setPlaceholderText({});
    const auto fits = [this](const QString& hint) { return roomFor(hint) <= width(); };
    const auto hint = std::find_if(hints_.begin(), hints_.end(), fits);
    setPlaceholderText(hint == hints_.end() ? hints_.last() : *hint);
}

}  // namespace fm
