// What a user looks for in a dialog: a button by its text, a sentence anywhere.
#pragma once

#include <QLabel>
#include <QPushButton>
#include <algorithm>

namespace fixture {

inline QPushButton* button(QWidget& parent, const QString& text) {
    for (QPushButton* each : parent.findChildren<QPushButton*>())
        if (each->text() == text) return each;
    return nullptr;
}

inline bool says(const QWidget& parent, const QString& text) {
    const auto labels = parent.findChildren<QLabel*>();
    return std::any_of(labels.begin(), labels.end(),
                       [&text](const QLabel* label) { return label->isVisible() && label->text().contains(text); });
}

}  // namespace fixture
